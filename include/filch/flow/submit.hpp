// Submitting a job: a task that may have to wait until it is let through.
#pragma once

#include <chrono>
#include <utility>

#include <filch/detail/task/callable.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/flow/rate_limiter.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/future.hpp>
#include <filch/time/submit_after.hpp>

namespace filch::inline v0_1 {

/// Submits `function(args...)` to a pool and queues it when its rate limiter lets it through: at once, as executor_ref::submit,
/// or as submit_at() in the moment that it was given. Waiting it holds neither a worker nor a thread.
///
/// What is limited is how many are queued: those that find all workers busy may start together later. A shutdown that drains
/// waits for the moment of the last one. The moment of a task that is cancelled, or that could not be submitted, is used up.
///
/// Thread safety, blocking, complexity and what it throws: as submit_at(); without a limiter as executor_ref::submit.
///
/// ```
/// filch::rate_limiter ten_a_second(10);
/// for (const std::string& url : urls) (void)filch::submit(pool, {.limiter = &ten_a_second}, fetch, url);
/// ```
template <class F, class... Args>
  requires detail::submittable<F, Args...>
future<detail::task_result<F, Args...>> submit(scheduler& pool, const job_options& options, F&& function, Args&&... args) {
  detail::require_callable(function);
  if (options.limiter != nullptr) {
    const detail::pool_timers by = detail::timers_of(pool);
    const std::chrono::steady_clock::time_point now = by.now();
    const std::chrono::steady_clock::time_point due = options.limiter->take(now);
    if (due > now)
      return detail::submit_due(by, due, options.task, std::forward<F>(function), std::forward<Args>(args)...);
  }
  return pool.submit(options.task, std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace filch::inline v0_1
