// Submitting a job: a task that may have to wait until it is let through, may be tried again, and may have to be over in time.
#pragma once

#include <utility>

#include <filch/detail/flow/admission.hpp>
#include <filch/detail/flow/start_submission.hpp>
#include <filch/detail/flow/submission.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/future.hpp>

namespace filch::inline v0_1 {

/// Submits `function(args...)` to a pool when its gate, if it has one, admits it: see admission_gate for what happens where
/// that is full. It is queued when its rate limiter lets it through: at once, as executor_ref::submit, or as submit_at() in the
/// moment that it was given. Waiting for that it holds neither a worker nor a thread.
///
/// With attempts, a timeout or a deadline it is a job. An attempt that throws is followed by another while there are some left,
/// and the last one's exception becomes a retries_exhausted; what is not worth another attempt comes out as it is. When its
/// time is up the future is ready at once and throws timed_out: what has not been started never is, and of what runs the stop
/// token is stopped; its callable lives until it returns. The captures of what never ran die on the pool's timer thread then,
/// and stop callbacks run there: they hold up all other timers of the pool, so they should be short and wait for none of these.
/// cancel() comes in time also while the job waits for its next attempt. A shutdown that drains waits for all attempts, one
/// that cancels ends a job that waits. Arguments are passed as lvalues where there may be another attempt. A get() never runs a
/// job in place, on whatever thread.
///
/// What is limited is how many are queued: those that find all workers busy may start together later. A shutdown that drains
/// waits for the moment of the last one. The moment of a task that is cancelled, or that could not be submitted, is used up.
///
/// Thread safety, blocking, complexity and what it throws: as submit_at(); where no more than a task is asked for as
/// executor_ref::submit; with a gate also as is said there. A job takes an allocation for each limit on its time and each token
/// more, and throws std::invalid_argument for options that make no sense or a callable that can be called once only where there
/// may be another attempt.
///
/// ```
/// filch::rate_limiter ten_a_second(10);
/// for (const std::string& url : urls)
///   pages.push_back(filch::submit(pool, {.limiter = &ten_a_second, .retry = {.attempts = 5}, .timeout = 2s}, fetch, url));
/// ```
template <class F, class... Args>
  requires detail::submittable<F, Args...>
future<detail::task_result<F, Args...>> submit(scheduler& pool, const job_options& options, F&& function, Args&&... args) {
  detail::require_callable(function);
  return detail::submit_admitted(pool, options, detail::admit_as_asked(pool, options, detail::traits_of<F, Args...>),
                                 std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace filch::inline v0_1
