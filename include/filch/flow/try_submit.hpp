// Submitting through a gate without waiting, or not for long.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include <filch/detail/flow/admission.hpp>
#include <filch/detail/flow/start_submission.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/wait.hpp>
#include <filch/flow/admission_gate.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/flow/submit.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/future.hpp>

namespace filch::inline v0_1 {

/// As submit(), whatever the gate's policy is, but where no place is free it submits nothing and answers nullopt: `function`
/// and `args` are as they were then. Who takes places beyond the bound, see admission_gate, is never refused. Without a gate it
/// is submit().
///
/// Thread safety and complexity: as submit(). Blocking: never for a place; otherwise as submit(). Throws as submit(), but
/// neither rejected nor too_many_blocked.
///
/// ```
/// if (auto done = filch::try_submit(pool, gate, convert, file)) ...
/// ```
template <class F, class... Args>
  requires detail::submittable<F, Args...>
[[nodiscard]] std::optional<future<detail::task_result<F, Args...>>> try_submit(scheduler& pool, const job_options& options,
                                                                                F&& function, Args&&... args) {
  detail::require_callable(function);
  if (options.gate == nullptr) return filch::submit(pool, options, std::forward<F>(function), std::forward<Args>(args)...);
  detail::admission got = detail::admit_at_once(*options.gate, pool);
  if (got.outcome == detail::admission_outcome::full) return std::nullopt;
  return detail::submit_admitted(pool, options, std::move(got), std::forward<F>(function), std::forward<Args>(args)...);
}

/// The same for a job of which no more is said.
template <class F, class... Args>
  requires detail::submittable<F, Args...>
[[nodiscard]] std::optional<future<detail::task_result<F, Args...>>> try_submit(scheduler& pool, admission_gate& gate,
                                                                                F&& function, Args&&... args) {
  return filch::try_submit(pool, job_options{.gate = &gate}, std::forward<F>(function), std::forward<Args>(args)...);
}

/// As try_submit(), but waits for a place, in line with those of submit() and no longer than `limit` of the steady clock; zero
/// or less is no wait. If the task's stop token is stopped it waits no longer, and answers the future of a cancelled task.
///
/// Blocking: until there is a place, until the limit at most; otherwise as submit(). Throws as try_submit(); too_many_blocked
/// on a worker of another pool that would have to wait.
///
/// ```
/// if (auto done = filch::submit_for(pool, gate, 10ms, convert, file)) ...
/// ```
template <class Rep, class Period, class F, class... Args>
  requires detail::submittable<F, Args...>
[[nodiscard]] std::optional<future<detail::task_result<F, Args...>>> submit_for(scheduler& pool, const job_options& options,
                                                                                std::chrono::duration<Rep, Period> limit,
                                                                                F&& function, Args&&... args) {
  detail::require_callable(function);
  if (options.gate == nullptr) return filch::submit(pool, options, std::forward<F>(function), std::forward<Args>(args)...);
  detail::admission got = detail::admit_until(*options.gate, pool, options.task.stop, detail::deadline_after(limit));
  if (got.outcome == detail::admission_outcome::full) return std::nullopt;
  return detail::submit_admitted(pool, options, std::move(got), std::forward<F>(function), std::forward<Args>(args)...);
}

/// The same for a job of which no more is said.
template <class Rep, class Period, class F, class... Args>
  requires detail::submittable<F, Args...>
[[nodiscard]] std::optional<future<detail::task_result<F, Args...>>> submit_for(scheduler& pool, admission_gate& gate,
                                                                                std::chrono::duration<Rep, Period> limit,
                                                                                F&& function, Args&&... args) {
  return filch::submit_for(pool, job_options{.gate = &gate}, limit, std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace filch::inline v0_1
