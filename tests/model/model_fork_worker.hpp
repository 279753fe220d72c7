// Workers for the models of joins and of groups: a deque each, the shipped steps around it, and a place for what goes to all.
#pragma once

#include "scenario.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>

#include <filch/detail/park/idle.hpp>
#include <filch/detail/queue/chase_lev_deque.hpp>
#include <filch/detail/runtime/child_count.hpp>
#include <filch/detail/runtime/ended_children.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::inline v0_1::detail {

using model::relacy_atomics;

struct running_task;
inline const running_task* innermost_running_task = nullptr;
struct running_part {
  explicit running_part(const running_task*) {}
};

/// A task that lies in a deque beside the jobs.
struct task_node {
  struct kind {
    bool in_group;
  };
  static constexpr kind of_nobody{false};

  const kind* operations = &of_nobody;
  model::plain<int> runs{0};
  virtual void call() {}

  virtual ~task_node() = default;
};

/// One that a group counts.
struct group_child : task_node {
  using siblings = child_count<relacy_atomics>;
  static constexpr kind of_group{true};

  siblings& siblings_of;
  explicit group_child(siblings& group) : siblings_of(group) { operations = &of_group; }
  static bool is_one(const task_node& task, const siblings& group) {
    return task.operations->in_group && &static_cast<const group_child&>(task).siblings_of == &group;
  }
};

class worker;

#include "shipped_stack_job.inc"

inline std::size_t this_thread() { return static_cast<std::size_t>(rl::ctx().threadx_->index_); }

using parker = park_token<relacy_atomics>;

struct parked_waiter : basic_waiter<relacy_atomics> {
  parker& own;
  explicit parked_waiter(parker& with) : basic_waiter(&unpark), own(with) {}
  static void unpark(basic_waiter& node) noexcept { static_cast<parked_waiter&>(node).own.notify(); }
};

/// What each thread waits for.
inline const stack_job* awaited_by[4] = {};

/// What the shipped steps ask of the pool: a place for what goes to all.
class pool_core {
 public:
  struct queue {
    static constexpr unsigned room = 8;
    task_node* tasks[room] = {};
    unsigned count = 0;
    bool enqueue(int, task_node* const* given, std::size_t of) {
      for (std::size_t i = 0; i != of; ++i) tasks[count++] = given[i];
      return true;
    }
  };
  struct silent_idle {
    void work_pushed(unsigned, unsigned = 1) {}
    void work_arrived(unsigned, unsigned) {}
  };
  queue& injection() { return given_to_all[this_thread()]; }
  silent_idle idle() { return {}; }
  static bool is_this_process() { return true; }
  struct decision {
    static unsigned spin_of(unsigned) { return rl::rand(3); }
  };
  static decision decided() { return {}; }
  static unsigned worker_count() { return 0; }

  queue given_to_all[4];
};

class worker {
 public:
  worker(pool_core& pool, parker& own)
      : pool_(pool), parker_(own), deque_(ring_, relacy_atomics::fences_are_asymmetric ? rl::rand(2) : 0) {}

  deque_thief<task_node, relacy_atomics>& thief() { return thief_; }

  void push(task_node* entry) { RL_ASSERT(deque_.push(entry)); }
  /// As fork_context::take_back().
  bool take_back(stack_job& job) {
    task_node* const newest = deque_.pop();
    return newest == job.as_entry() || (newest != nullptr && take_back_from_below(job, newest));
  }
  void await(stack_job& job) { await_stolen(job); }
  void await(group_child::siblings& group, std::uint64_t first) { await_children(group, first); }
  std::uint64_t next_index() { return deque_.next_index(); }
  ended_children<relacy_atomics>& ended() { return ended_; }
  void run_entry(task_node* entry) noexcept;
  /// As between two tasks.
  void run_own() {
    while (task_node* const newest = deque_.pop()) run_entry(newest);
  }

 private:
  static constexpr std::size_t capacity = 4;
  struct seat {
    unsigned group = 0;
  };
  struct uncounted {
    static void add(unsigned) noexcept {}
  };
  struct {
    uncounted steal_attempts, stolen;
  } counters_;
  struct standard_atomics {
    static void full_fence(std::source_location where = std::source_location::current()) noexcept {
      relacy_atomics::full_fence(where);
    }
  };

  static void confirm_own_thread() noexcept {}
  static void end_forked_child() noexcept {}
  static bool has_room_to_join() noexcept { return true; }
  static std::size_t drop_tombstones(task_node**, std::size_t count) noexcept { return count; }
  static unsigned wakes_for(std::size_t count) noexcept { return static_cast<unsigned>(count); }
  // As group_task::run() for a child.
  void run_dequeued(task_node& task) noexcept {
    RL_ASSERT(awaited_by[this_thread()] == nullptr);
    auto* const group = task.operations->in_group ? &static_cast<group_child&>(task).siblings_of : nullptr;
    if (group != nullptr) ended_.begin(*group);
    task.runs = task.runs + 1;
    task.call();
    if (group != nullptr) ended_.count(*group);
  }
  // As wait_with_spare(), which waits without one here.
  bool wait_with_spare(state_word<relacy_atomics>& state) noexcept {
    parked_waiter node(parker_);
    if (state.install(node) == install_outcome::installed) parker_.wait();
    return true;
  }
  static void work_instead(state_word<relacy_atomics>&) noexcept { RL_ASSERT(false); }

  // The shipped steps.
  struct above_a_job {
    task_node* job;
    std::size_t tasks;
  };
  bool take_back_from_below(stack_job& job, task_node* newest) noexcept;
  above_a_job take_what_lies_above(task_node* newest) noexcept;
  void give_to_all(std::size_t count) noexcept;
  void await_stolen(stack_job& job) noexcept;
  bool helps_until_done(stack_job& job) noexcept;
  void sleep_until(state_word<relacy_atomics>& ready) noexcept;
  bool run_one_of_its_thief(stack_job& awaited) noexcept;
  void await_children(group_child::siblings& children, std::uint64_t first);
  group_child* pop_child(const group_child::siblings& of, std::uint64_t first) noexcept;
  void put_back(task_node* entry) noexcept;

  pool_core& pool_;
  parker& parker_;
  const seat seat_{};
  const int producer_ = 0;
  deque_ring<task_node, relacy_atomics>::slot slots_[capacity];
  deque_ring<task_node, relacy_atomics> ring_{slots_, capacity};
  deque_owner<task_node, relacy_atomics> deque_;
  deque_thief<task_node, relacy_atomics> thief_{ring_};
  ended_children<relacy_atomics> ended_;
  model::atomic<bool> runs_strangers_{false};
  const std::unique_ptr<task_node*[]> batch_{new task_node*[capacity]};
};

inline void require_no_child(const group_child::siblings&) {}

enum class glance { nothing, busy, done };
/// So many looks.
template <class Look>
bool look_for_a_while(unsigned looks, Look&& look) {
  for (; looks != 0; --looks)
    if (look() == glance::done) return true;
  return false;
}

#include "shipped_fork.inc"
#include "shipped_children.inc"

}  // namespace filch::inline v0_1::detail

