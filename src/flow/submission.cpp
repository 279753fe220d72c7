// From what was asked for to a task that is queued, that waits for its moment, or that its submitter runs.
#include <filch/detail/flow/submission.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include <filch/detail/flow/moment.hpp>
#include <filch/detail/task/cancel.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/wait.hpp>
#include <filch/flow/rate_limiter.hpp>

#include "time/timers.hpp"

namespace filch::inline v0_1::detail {

namespace {

/// Whether no more is said of it than of any task.
bool is_any_task(const job_options& options) noexcept {
  return options.retry.attempts == 1 && !options.timeout && !options.deadline;
}

job_plan plan_for(const job_options& options, callable_traits of_callable) {
  job_plan plan = plan_job(options, of_callable.repeatable);
  if (!of_callable.deliverable) refuse_result();
  return plan;
}

/// Until when it makes sense to wait for a place: the job's deadline, on the steady clock.
std::optional<steady_time> deadline_at_gate(const scheduler& pool, const job_options& options) {
  if (!options.deadline || *options.deadline == steady_time::max()) return std::nullopt;
  return deadline_after(*options.deadline - timers_of(pool).now());
}

}  // namespace

admission admit_as_asked(scheduler& pool, const job_options& options, callable_traits of_callable) {
  if (options.gate == nullptr) return {admission_outcome::admitted};
  if (!is_any_task(options)) (void)plan_for(options, of_callable);
  return admit(*options.gate, pool, options.task.stop, deadline_at_gate(pool, options));
}

submission::submission(const scheduler& pool, const job_options& options, bool run_by_caller, callable_traits of_callable)
    : task_(options.task),
      pool_(task_pool_of(pool)),
      run_by_caller_(run_by_caller),
      kind_(task_.stop.stop_possible() ? submission_kind::with_token : submission_kind::plain) {
  const bool is_job = !is_any_task(options);
  if (!is_job && options.limiter == nullptr) return;
  timers_.emplace(timers_of(pool));
  if (is_job) {
    kind_ = submission_kind::job;
    plan_.emplace(plan_for(options, of_callable));
  }
  if (options.limiter != nullptr) take_moment(options);
}

submission::~submission() = default;

// Who runs it waits for the moment, but not beyond the deadline of the job.
void submission::take_moment(const job_options& options) {
  const steady_time now = timers_->now();
  due_ = options.limiter->take(now);
  if (run_by_caller_)
    due_ = std::min(due_, options.deadline.value_or(steady_time::max()));
  else if (plan_)
    plan_->due = due_;
  else if (due_ > now)
    kind_ = submission_kind::delayed;
}

// --- queueing ---

void submission::count_or_queue(task_node& made) const {
  task_node* const task = &made;
  run_by_caller_ ? pool_.reserve(task_.priority) : pool_.enqueue_with(task_.priority, &task, 1);
}

void submission::queue(task_node& made, no_stop_hook&) const {
  discard_on_failure(made, [&] { count_or_queue(made); });
}

void submission::queue(task_node& made, stop_hook<task_node>& hook) const {
  queue_with_hook(made, made, hook, task_.stop, [&] { count_or_queue(made); });
}

void submission::queue_job(job& made) const {
  queue_with_hook(made, made.node(), made.hook(), task_.stop, [&] { run_by_caller_ ? made.reserve() : made.start(); });
}

// --- run by the caller ---

// The task has been claimed, so that it is there, and its pool, for as long as this waits. `cancel(reason)` ends it instead of
// `run()`, `stopped()` because its token was stopped meanwhile.
template <class Run, class Cancel, class Stopped>
void submission::run_in_its_moment(Run&& run, Cancel&& cancel, Stopped&& stopped) const {
  if (timers_ && due_ > timers_->now()) {
    try {
      wait_for_moment(*timers_, due_, task_.stop);
    } catch (...) {
      cancel(std::current_exception());
      throw;
    }
    if (task_.stop.stop_requested()) return stopped();
  }
  run();
}

void submission::run_if_asked(task_node& made) const {
  if (!run_by_caller_) return;
  if (made.state.claim() == claim_outcome::taken) return made.drop_reference();
  run_in_its_moment([&] { pool_.run_dequeued_outside(made); },
                    [&](std::exception_ptr reason) {
                      pool_.cancel_claimed(made, std::move(reason));
                      made.drop_reference();
                    },
                    [&] {
                      cancel_by_token(made);
                      made.drop_reference();
                    });
}

void submission::run_job_if_asked(job& made) const {
  if (!run_by_caller_ || made.claim_here() != claim_outcome::claimed) return;
  run_in_its_moment([&] { made.run_here(); }, [&](std::exception_ptr reason) { made.end_here(std::move(reason)); },
                    [&] { made.stop_here(); });
}

}  // namespace filch::inline v0_1::detail
