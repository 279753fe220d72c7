// What floor 2 knows about the calling thread: which tasks it is running, and what a wait must do if it is a worker.
// The runtime installs the role; futures lie below it and only ask.
#pragma once

#include <filch/detail/task/running_task.hpp>
#include <filch/detail/task/task_node.hpp>

namespace filch::inline v0_1::detail {

/// A worker, seen from a wait.
class worker_role {
 public:
  /// Runs the task to its end, if it belongs to this worker's pool, nobody has started it, and the stack has room.
  [[nodiscard]] virtual bool try_run_in_place(task_node& task) noexcept = 0;

  /// Stands between a worker and a wait of unknown length: a spare takes its place. Throws too_many_blocked.
  virtual void begin_blocked_wait() = 0;
  virtual void end_blocked_wait() noexcept = 0;
  /// Undoes an end_blocked_wait() for which begin_blocked_wait() was refused.
  virtual void take_back_end_of_blocked_wait() noexcept = 0;

 protected:
  ~worker_role() = default;
};

/// Counts a worker as blocked for as long as it waits.
class blocked_wait {
 public:
  explicit blocked_wait(worker_role* role) : role_(role) {
    if (role_ != nullptr) role_->begin_blocked_wait();
  }
  ~blocked_wait() {
    if (role_ != nullptr) role_->end_blocked_wait();
  }
  blocked_wait(const blocked_wait&) = delete;
  blocked_wait& operator=(const blocked_wait&) = delete;

 private:
  worker_role* const role_;
};

/// One task that the calling thread is running; nested ones form a list from the innermost outwards.
class running_task {
 public:
  explicit running_task(const task_node& task) noexcept : task_(task), outer_(innermost_running_task) {
    innermost_running_task = this;
  }
  ~running_task() { innermost_running_task = outer_; }
  running_task(const running_task&) = delete;
  running_task& operator=(const running_task&) = delete;

  /// Whether the calling thread is running `task`, directly or below others. Linear in the depth.
  [[nodiscard]] static bool is_running(const task_node& task) noexcept;

  /// Whether the calling thread is running a task of `pool`, on a worker or in get(help).
  [[nodiscard]] static bool runs_one_of(const task_owner& pool) noexcept;

  /// Whether the calling thread is running a task of which `predicate(task)` is true. Linear in the depth.
  template <class Predicate>
  [[nodiscard]] static bool any_of(Predicate&& predicate) {
    for (const running_task* each = innermost_running_task; each != nullptr; each = each->outer_)
      if (predicate(each->task_)) return true;
    return false;
  }

  /// The innermost of them; nullptr outside of tasks.
  [[nodiscard]] static const task_node* innermost() noexcept {
    return innermost_running_task == nullptr ? nullptr : &innermost_running_task->task_;
  }

 private:
  const task_node& task_;
  const running_task* const outer_;
};

/// Runs a part of a task that another thread is running, or runs above others of this thread: for as long as it is there, the
/// tasks of that one are those that the calling thread runs.
class running_part {
 public:
  explicit running_part(const running_task* within) noexcept : outer_(innermost_running_task) { innermost_running_task = within; }
  ~running_part() { innermost_running_task = outer_; }
  running_part(const running_part&) = delete;
  running_part& operator=(const running_part&) = delete;

 private:
  const running_task* const outer_;
};

/// The calling thread's role: nullptr outside a worker.
extern constinit thread_local worker_role* this_thread_role;

/// The same for a wait, which is to be replaced: nullptr also where the worker counts as blocked already.
extern constinit thread_local worker_role* role_to_replace;

/// What the calling thread is from now on.
inline void take_role(worker_role* role) noexcept {
  this_thread_role = role;
  role_to_replace = role;
}

}  // namespace filch::inline v0_1::detail
