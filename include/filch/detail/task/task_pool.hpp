// What a task needs from the pool that it belongs to. The runtime implements it; nothing below floor 3 knows how.
#pragma once

#include <cstddef>
#include <exception>

#include <filch/task/priority.hpp>

namespace filch::inline v0_1::detail {

class task_node;

class task_pool {
 public:
  /// A block for a task created by the calling thread. Throws std::bad_alloc.
  [[nodiscard]] virtual void* allocate(std::size_t bytes, std::size_t alignment) = 0;

  /// Queues all of `count` tasks or none, and wakes who is needed. The pool takes over one reference of each. Throws
  /// closed, forked or std::bad_alloc; nothing is queued then. `count` may be 0: then it only says whether it takes tasks.
  virtual void enqueue(task_node* const* tasks, std::size_t count) = 0;

  /// The same for tasks of a priority. Those of the normal one go as by enqueue().
  virtual void enqueue_with(priority rank, task_node* const* tasks, std::size_t count) = 0;

  using make_function = task_node* (*)(void* context, void* block) noexcept;

  /// allocate(), a call of `make(context, block)` and enqueue() of what it returns, in one step. `make` runs nobody's
  /// code. Throws as the two, and the task, if it was made, is gone then.
  virtual task_node& make_and_enqueue(std::size_t bytes, std::size_t alignment, make_function make, void* context) = 0;

  /// Runs a task that the calling thread, not one of the pool's, has claimed.
  virtual void run_claimed_outside(task_node& claimed) noexcept = 0;

  /// Ends a task that the calling thread, any thread, has claimed: without a call, with `reason` instead of a result.
  virtual void cancel_claimed(task_node& claimed, std::exception_ptr reason) noexcept = 0;

 protected:
  ~task_pool() = default;
};

}  // namespace filch::inline v0_1::detail
