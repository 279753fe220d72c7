// What every task has, whatever it calls and returns: its state, its holders, and how to run, abandon and release it.
// The life of a task and who may touch which field when: src/task/README.md.
#pragma once

#include <cstdint>
#include <exception>
#include <stop_token>

#include <filch/detail/base/process_generation.hpp>
#include <filch/detail/base/reference_count.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::inline v0_1::detail {

class exception_tally;
class task_owner;
class task_node;

using waiter = basic_waiter<standard_atomics>;

/// What a running task is given, and what it leaves behind for the worker that runs it.
struct run_context {
  const std::stop_token& stop;   // for callables that take one
  exception_tally& tally;        // where an exception is counted that a future keeps and nobody takes
  std::exception_ptr unhandled;  // set when the callable threw and there is no future to keep the exception
};

enum class run_outcome {
  value,
  exception,
  not_called  // it was not wanted any more
};

/// One table for each type of task.
struct task_operations {
  /// Calls the callable, keeps its result or exception, destroys the callable. By the claimer, once.
  run_outcome (*run)(task_node&, run_context&) noexcept;
  /// Destroys the callable without a call and keeps `reason` instead of a result. By the claimer, once.
  void (*abandon)(task_node&, std::exception_ptr reason) noexcept;
  /// Destroys what is left and gives the memory back. By the last holder.
  void (*release)(task_node&) noexcept;
  /// Whether anybody but the one who dequeues it can know the task, by a future or by a stop token: then it must be claimed,
  /// and its end published.
  bool claimable;
  /// Whether who waits for the task may run it at any moment after its submission.
  bool ready_to_run = true;
  /// Who cancels claims by this, where that is not the task's own state.
  claim_outcome (*claim_to_cancel)(task_node&) noexcept = nullptr;
  /// Whether a group counts it.
  bool in_group = false;
};

class task_node {
 public:
  task_node(const task_operations& table, task_owner& its_owner, std::uint32_t holders) noexcept
      : references(holders), generation(process_generation()), operations(&table), owner(&its_owner), queued_at(0) {}

  task_node(const task_node&) = delete;
  task_node& operator=(const task_node&) = delete;

  /// Asks for the right to cancel it.
  [[nodiscard]] claim_outcome claim_to_cancel() noexcept {
    return operations->claim_to_cancel == nullptr ? state.claim() : operations->claim_to_cancel(*this);
  }

  /// Gives up one reference; the last one releases the task.
  void drop_reference() noexcept {
    if (references.drop() == drop_outcome::last) operations->release(*this);
  }

  state_word<> state;
  reference_count<> references;
  const std::uint32_t generation;  // of the process that made it
  const task_operations* const operations;
  task_owner* const owner;  // valid until the task is finished
  union {
    std::int64_t queued_at;  // steady nanoseconds, 0 when not sampled; written before it is queued, read by the claimer
    exception_tally* tally;  // once there is an exception instead of a result: a share in a tally, or nullptr
  };

 protected:
  ~task_node() = default;
};

/// Whether the threads that could run it exist: not in a child made by fork().
[[nodiscard]] inline bool is_of_this_process(const task_node& task) noexcept { return task.generation == process_generation(); }

}  // namespace filch::inline v0_1::detail
