// A random program: what threads outside a pool do, and what the tasks do that they submit. Made of bytes, so that a fuzzer
// may look for the ones that break something. It has one meaning, which a serial run of it finds out; on a pool it must come
// to the same, however its tasks are interleaved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <filch/task/priority.hpp>

namespace filch_programs {

enum class op : std::uint8_t {
  add,       // a number to the sum
  submit,    // a child
  post,      // a child without a future
  bulk,      // a child for each of some numbers
  post_bulk,
  get,       // a future, and add what it has
  help,      // the same, offering oneself
  wait,      // for a future
  wait_for,  // for a moment
  drop,      // a future
  give,      // a future to a new child, which gets it
  nest,      // a chain of tasks, each of which awaits the next
  yield,
  raise,     // an exception: the body ends
  cancel,    // what a future is of
  stop,      // the children so far and to come
  later,     // a child that waits so many microseconds for its time
  limit,     // a child that waits for a moment of the program's limiter
  admit,     // some children, each of which needs a place of one of the program's gates
  pull,      // a stream of children, wholly or in part, and add what they have
  resize,    // the pool, to a size that it may have
  together,  // some children side by side, and add what they have
  count_
};

struct body;

struct step {
  op what;
  std::uint32_t number;  // what to add, which future, how many
  std::shared_ptr<const body> child;
  filch::priority rank = filch::priority::normal;  // of the child
  std::uint32_t how = 0;                           // to pull, how many to admit, or what runs them side by side
};

/// What a task, or a thread outside, does one after the other. The futures that it has left at the end are dropped.
struct body {
  std::size_t id;
  bool is_of_a_task;  // or of a thread
  std::vector<step> steps;
};

enum class ending : std::uint8_t { destructor, drain, drain_a_moment, now, now_at_once, count_ };

struct program {
  unsigned workers = 1;
  unsigned more_workers = 0;  // that there may be
  bool spin = false;
  std::size_t deque_capacity = 2;
  std::int64_t places = 1;  // of each gate
  ending end = ending::destructor;
  std::vector<std::shared_ptr<const body>> threads;
  std::size_t bodies = 0;
  bool cancels = false;  // else a cancel is a yield
  bool tokens = false;   // all children have a stop token, one for those of a body; else a stop is a yield
  // Then spares may run out: such a wait runs nothing, and many may come together. And then no task leaves a stream: it would
  // wait also without a spare, perhaps for one that needs its worker. Else there are no such steps.
  bool tasks_wait_for_a_moment = false;

  /// Whether every task runs, whatever the interleaving.
  [[nodiscard]] bool runs_whole() const noexcept {
    return !cancels && !tokens && (end == ending::destructor || end == ending::drain);
  }
};

/// Every sequence of bytes is a program; what is missing is taken as zero.
[[nodiscard]] program parse(std::span<const std::uint8_t> bytes);

/// For people.
[[nodiscard]] std::string to_string(const program& of);

/// What a run came to.
struct outcome {
  std::vector<std::uint64_t> sums;       // of the threads outside
  std::vector<std::uint64_t> runs;       // how often each body was run at most, by id: some elements of a stream that is left
  std::vector<std::uint64_t> sure_runs;  // at least, where every task runs
  std::uint64_t unhandled = 0;           // exceptions of posted tasks, at most
  std::uint64_t sure_unhandled = 0;
};

[[nodiscard]] outcome run_serially(const program& of);

/// Runs it on a pool and compares. An empty string, or what is wrong.
[[nodiscard]] std::string run_on_a_pool(const program& of);

}  // namespace filch_programs
