// A task that is submitted now and queued later: what submitted_task has for that.
#pragma once

#include <chrono>
#include <stop_token>

#include <filch/detail/task/stop_hook.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/detail/time/timed_entry.hpp>
#include <filch/task/priority.hpp>

namespace filch::inline v0_1::detail {

/// Holds the reference that the pool's queue will hold.
class delay : public timed_entry {
 public:
  /// Throws std::bad_alloc.
  delay(const pool_timers& by, priority rank)
      : timed_entry(entry_kind::once), timers_(by.in), pool_(by.pool), rank_(rank) {}

  /// The submitter, of a task all of whose references but the hook's are here. Throws as task_pool::reserve, and it is gone
  /// then.
  void submit(task_node& task, stop_hook<task_node>& hook, const std::stop_token& stop,
              std::chrono::steady_clock::time_point due);

  /// After the task has been reserved: from here on it may be queued at any moment, and be gone.
  void start(task_node& task, std::chrono::steady_clock::time_point due) noexcept;

  /// The claimer, instead of running the task: it need not be queued any more.
  void withdraw() noexcept;

 protected:
  after_due come_due() override;
  void end() noexcept override;

  timers& timers_;
  task_node* task_ = nullptr;

 private:
  task_pool& pool_;
  const priority rank_;
};

/// For submitted_task.
struct with_delay {
  static constexpr bool ready_to_run = false;
  using link = delay;
};

}  // namespace filch::inline v0_1::detail
