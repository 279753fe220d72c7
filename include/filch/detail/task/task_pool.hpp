// What a task needs from the pool that it belongs to. The runtime implements it; nothing below floor 3 knows how.
#pragma once

#include <cstddef>

#include <filch/detail/task/task_owner.hpp>
#include <filch/task/priority.hpp>

namespace filch::inline v0_1::detail {

class task_pool : public task_owner {
 public:
  [[nodiscard]] task_pool& pool() noexcept final { return *this; }

  /// A block for a task created by the calling thread. Throws std::bad_alloc.
  [[nodiscard]] virtual void* allocate(std::size_t bytes, std::size_t alignment) = 0;

  /// Queues all of `count` tasks or none, and wakes who is needed. The pool takes over one reference of each. Throws
  /// closed, forked or std::bad_alloc; nothing is queued then. `count` may be 0: then it only says whether it takes tasks.
  virtual void enqueue(task_node* const* tasks, std::size_t count) = 0;

  /// The same for tasks of a priority. Those of the normal one go as by enqueue().
  virtual void enqueue_with(priority rank, task_node* const* tasks, std::size_t count) = 0;

  /// Counts a task that will be queued later. The pool takes over one reference, neither is idle nor ends before the task has,
  /// and takes it also when it has been closed meanwhile. Until it is queued whoever has claimed it may give it to
  /// cancel_claimed(). Throws closed, forked, or std::invalid_argument for a priority that there is not; nothing is counted
  /// then.
  virtual void reserve(priority rank) = 0;

  /// Queues a task for which reserve() was called, by any thread. Throws std::bad_alloc; the task is as before then.
  virtual void enqueue_reserved(priority rank, task_node& reserved) = 0;

  /// Runs a task that the calling thread, not one of the pool's, has claimed and is counted, and gives up the reference that
  /// its entry would have. The pool neither is idle nor ends before that is done.
  virtual void run_dequeued_outside(task_node& claimed) noexcept = 0;

  /// An exception that nobody will ask for.
  virtual void count_dropped_exception() noexcept = 0;

  using make_function = task_node* (*)(void* context, void* block) noexcept;

  /// allocate(), a call of `make(context, block)` and enqueue() of what it returns, in one step. `make` runs nobody's
  /// code. Throws as the two, and the task, if it was made, is gone then.
  virtual task_node& make_and_enqueue(std::size_t bytes, std::size_t alignment, make_function make, void* context) = 0;

 protected:
  ~task_pool() = default;
};

}  // namespace filch::inline v0_1::detail
