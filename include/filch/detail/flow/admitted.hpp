// Submitting through a gate: a task that has a place, or that its submitter runs.
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/flow/admission.hpp>
#include <filch/detail/flow/submit_job.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/submitted_task.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/flow/rate_limiter.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/future.hpp>
#include <filch/time/submit_after.hpp>

namespace filch::inline v0_1::detail {

// In filch/flow/submit.hpp: what is left of a submission when the gate has had its say.
template <class F, class... Args>
future<task_result<F, Args...>> submit_admitted(scheduler& pool, const job_options& options, F&& function, Args&&... args);

/// Calls its first argument with the others, with a stop token where that can take one. Being the callable of a task whose
/// arguments are the user's callable and arguments, it is destroyed after these, and the place with it.
class admitted_call {
 public:
  explicit admitted_call(place&& taken) noexcept : place_(std::move(taken)) {}

  template <class F, class... Args>
    requires std::is_invocable_v<F, Args...>
  decltype(auto) operator()(F&& function, Args&&... args) const {
    const place_in_use inside(place_);
    return std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
  }
  template <std::same_as<std::stop_token> Stop, class F, class... Args>
    requires std::is_invocable_v<F, const Stop&, Args...>
  decltype(auto) operator()(const Stop& stop, F&& function, Args&&... args) const {
    const place_in_use inside(place_);
    return std::invoke(std::forward<F>(function), stop, std::forward<Args>(args)...);
  }

 private:
  place place_;
};

// Copying the callable is work for the holder of the place already: it may submit, too.
template <class F, class... Args>
future<task_result<F, Args...>> submit_with_place(scheduler& pool, const job_options& options, place&& taken, F&& function,
                                                  Args&&... args) {
  const place_in_use inside(taken);
  return detail::submit_admitted(pool, options, admitted_call(std::move(taken)), std::forward<F>(function),
                                 std::forward<Args>(args)...);
}

/// Waits for the moment that a limiter gives, on the pool's clock; less where the stop token or the end of the pool says so.
inline void wait_for_moment(scheduler& pool, const job_options& options) {
  const pool_timers by = timers_of(pool);
  const std::chrono::steady_clock::time_point now = by.now();
  const std::chrono::steady_clock::time_point due = options.limiter->take(now);
  if (due <= now) return;
  future<void> moment = submit_due(by, due, options.task, [] {});
  try {
    moment.wait();
  } catch (...) {
    moment.cancel();
    throw;
  }
}

template <class Stop, class F, class... Args>
future<task_result<F, Args...>> make_and_run(task_pool& pool, const task_options& options, F&& function, Args&&... args) {
  using call = bound_call<std::decay_t<F>, std::decay_t<Args>...>;
  using task = submitted_task<task_result<F, Args...>, call, Stop>;
  task& made = make_task<task>(pool, typename task::link_type(options.stop), std::in_place, std::forward<F>(function),
                               std::forward<Args>(args)...);
  queue_with_hook(made, options.stop, [&] { pool.reserve(options.priority); });
  if (made.state.claim() == claim_outcome::claimed)
    pool.run_dequeued_outside(made);
  else
    made.drop_reference();
  return future_access::adopt(made);
}

/// Runs the task on the calling thread, unless its stop token is stopped before. It is one of the pool's.
template <class F, class... Args>
future<task_result<F, Args...>> run_by_caller(scheduler& pool, const job_options& options, F&& function, Args&&... args) {
  if (!is_any_task(options)) {
    job_plan plan = plan_job(options, callable_again<F, Args...>);
    if (options.limiter != nullptr) wait_for_moment(pool, options);
    job* own = nullptr;
    const auto reserve = [&own](job& made) {
      made.reserve();
      own = &made;
    };
    auto result = make_job(timers_of(pool), std::move(plan), reserve, std::forward<F>(function), std::forward<Args>(args)...);
    own->run_here();
    return result;
  }
  if (options.limiter != nullptr) wait_for_moment(pool, options);
  task_pool& tasks = task_pool_of(pool);
  if (options.task.stop.stop_possible())
    return make_and_run<with_own_stop<takes_stop_token<F, Args...>>>(tasks, options.task, std::forward<F>(function),
                                                                     std::forward<Args>(args)...);
  return make_and_run<without_own_stop>(tasks, options.task, std::forward<F>(function), std::forward<Args>(args)...);
}

template <class F, class... Args>
future<task_result<F, Args...>> submit_at_gate(scheduler& pool, const job_options& options, F&& function, Args&&... args) {
  admission got = admit(*options.gate, pool, options.task.stop);
  if (got.outcome == admission_outcome::full)
    return run_by_caller(pool, options, std::forward<F>(function), std::forward<Args>(args)...);
  // One that is not to run goes the same way, without a place: its future says so.
  return submit_with_place(pool, options, std::move(got.taken), std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace filch::inline v0_1::detail
