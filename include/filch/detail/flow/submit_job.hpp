// Making a job of what was asked for, and starting it.
#pragma once

#include <type_traits>
#include <utility>

#include <filch/detail/flow/job.hpp>
#include <filch/detail/flow/job_call.hpp>
#include <filch/detail/flow/job_of.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/flow/rate_limiter.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/future.hpp>

namespace filch::inline v0_1::detail {

/// Whether no more is said of it than of any task.
[[nodiscard]] inline bool is_any_task(const job_options& options) noexcept {
  return options.retry.attempts == 1 && !options.timeout && !options.deadline;
}

template <class F, class... Args>
using job_for = job_of<task_result<F, Args...>, job_call<std::decay_t<F>, std::decay_t<Args>...>, takes_stop_token<F, Args...>>;

/// Whether a result can go from the attempt to the future, which may have another one by then.
template <class R>
inline constexpr bool is_deliverable = std::is_void_v<R> || std::is_reference_v<R> || std::is_move_constructible_v<R>;

/// Makes a job, and has it started by `start(made)`.
template <class Start, class F, class... Args>
future<task_result<F, Args...>> make_job(const pool_timers& by, job_plan&& plan, Start&& start, F&& function, Args&&... args) {
  if constexpr (is_deliverable<task_result<F, Args...>>) {
    const std::stop_token stop = plan.stop;
    auto& made = make_task<job_for<F, Args...>>(by.pool, by, std::move(plan), std::forward<F>(function),
                                                std::forward<Args>(args)...);
    queue_with_hook(made, stop, [&] { start(made); });
    return future_access::adopt(made);
  } else {
    refuse_result();
  }
}

template <class F, class... Args>
future<task_result<F, Args...>> submit_job(scheduler& pool, const job_options& options, F&& function, Args&&... args) {
  const pool_timers by = timers_of(pool);
  job_plan plan = plan_job(options, callable_again<F, Args...>);
  if (options.limiter != nullptr) plan.due = options.limiter->take(by.now());
  return make_job(by, std::move(plan), [](job& made) { made.start(); }, std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace filch::inline v0_1::detail
