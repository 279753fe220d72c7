// One submission, whatever its callable: what kind of task it makes is decided here, once, and how that starts. A template is
// left with making it, since each callable pays for what is in one.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include <filch/detail/flow/admission.hpp>
#include <filch/detail/flow/job.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/stop_hook.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/task/task_options.hpp>

namespace filch::inline v0_1 {
class scheduler;
}

namespace filch::inline v0_1::detail {

/// The least that does what was asked for.
enum class submission_kind {
  plain,       // a task
  with_token,  // that hears of a stop token
  delayed,     // and waits for a moment
  job          // or is tried again, or has to be over in time
};

/// What the types of a callable and of its result allow.
struct callable_traits {
  bool repeatable;   // it may be called again
  bool deliverable;  // its result can go from an attempt to the future, which may have another one by then
};

/// Lives for as long as the call that submits.
class submission {
 public:
  /// Takes the moment of a limiter. Throws std::invalid_argument for what makes no sense; as timers_of() where it needs timers.
  submission(const scheduler& pool, const job_options& options, bool run_by_caller, callable_traits of_callable);
  ~submission();
  submission(const submission&) = delete;
  submission& operator=(const submission&) = delete;

  [[nodiscard]] submission_kind kind() const noexcept { return kind_; }
  [[nodiscard]] task_pool& pool() const noexcept { return pool_; }
  [[nodiscard]] const task_options& task() const noexcept { return task_; }

  /// Of a delayed task, and the first of a job.
  [[nodiscard]] const pool_timers& timers() const noexcept { return *timers_; }
  [[nodiscard]] std::chrono::steady_clock::time_point due() const noexcept { return due_; }
  /// Of a job.
  [[nodiscard]] job_plan&& plan() noexcept { return std::move(*plan_); }

  /// Queues a task that was made, all of whose references are here. One that the caller is to run is counted instead. Throws as
  /// task_pool::enqueue, and the task is gone then.
  void queue(task_node& made, no_stop_hook&) const;
  void queue(task_node& made, stop_hook<task_node>& hook) const;
  void queue_job(job& made) const;

  /// Afterwards, with a future of the task: runs it if the caller is to, when its moment has come, unless somebody has ended it
  /// by then. Throws as wait_for_moment(); the future has that, too.
  void run_if_asked(task_node& made) const;
  void run_job_if_asked(job& made) const;

 private:
  void take_moment(const job_options& options);
  void count_or_queue(task_node& made) const;
  template <class Run, class Cancel, class Stopped>
  void run_in_its_moment(Run&& run, Cancel&& cancel, Stopped&& stopped) const;

  const task_options task_;  // a copy: the callable may have the options with it
  task_pool& pool_;
  const bool run_by_caller_;
  submission_kind kind_;
  std::optional<pool_timers> timers_;
  std::optional<job_plan> plan_;
  std::chrono::steady_clock::time_point due_ = std::chrono::steady_clock::time_point::min();
};

/// As the gate in the options says; `full` where the caller has to run the task, `admitted` without a gate. What makes no sense
/// waits for nothing. Throws as submission(), and rejected, closed, forked, too_many_blocked.
[[nodiscard]] admission admit_as_asked(scheduler& pool, const job_options& options, callable_traits of_callable);

}  // namespace filch::inline v0_1::detail
