// Submitting through a gate: a task that has a place, or that its submitter runs.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/flow/admission.hpp>
#include <filch/detail/flow/moment.hpp>
#include <filch/detail/flow/submit_job.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/cancel.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/submitted_task.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/flow/rate_limiter.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/future.hpp>

namespace filch::inline v0_1::detail {

// In filch/flow/submit.hpp: what is left of a submission when the gate has had its say.
template <class F, class... Args>
future<task_result<F, Args...>> submit_admitted(scheduler& pool, const job_options& options, F&& function, Args&&... args);

/// Calls its first argument with the others, with a stop token where that can take one. Being the callable of a task whose
/// arguments are the user's callable and arguments, it makes a task's call of the kind below.
class admitted_call {
 public:
  explicit admitted_call(place&& taken) noexcept : place_(std::move(taken)) {}

  template <class F, class... Args>
    requires std::is_invocable_v<F, Args...>
  decltype(auto) operator()(F&& function, Args&&... args) const {
    return std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
  }
  template <std::same_as<std::stop_token> Stop, class F, class... Args>
    requires std::is_invocable_v<F, const Stop&, Args...>
  decltype(auto) operator()(const Stop& stop, F&& function, Args&&... args) const {
    return std::invoke(std::forward<F>(function), stop, std::forward<Args>(args)...);
  }

 private:
  template <class F, class... Args>
  friend class bound_call;

  place place_;
};

/// The user's call, and the place that it has: what it does when it is called and when it dies is done by the holder of a
/// place, which is given back after that.
template <class F, class... Args>
class bound_call<admitted_call, F, Args...> {
 public:
  template <class G, class... Given>
  explicit bound_call(std::in_place_t, admitted_call&& call, G&& function, Given&&... arguments)
      : place_(std::move(call.place_)) {
    ::new (static_cast<void*>(std::addressof(call_)))
        bound_call<F, Args...>(std::in_place, std::forward<G>(function), std::forward<Given>(arguments)...);
  }
  bound_call(const bound_call&) = delete;
  bound_call& operator=(const bound_call&) = delete;
  ~bound_call() noexcept(false) {
    const place_in_use inside(place_);
    std::destroy_at(std::addressof(call_));
  }

  task_result<F, Args...> operator()(const std::stop_token& stop) {
    const place_in_use inside(place_);
    return call_(stop);
  }
  task_result<F, Args...> repeated(const std::stop_token& stop) {
    const place_in_use inside(place_);
    return call_.repeated(stop);
  }

 private:
  place place_;
  union {
    bound_call<F, Args...> call_;  // alive until this is not
  };
};

// Copying the callable is work for the holder of the place already: it may submit, too. Without a gate the place is an empty
// one, so that each callable makes the same kinds of tasks whatever its options: to compile them is what takes long.
template <class F, class... Args>
future<task_result<F, Args...>> submit_with_place(scheduler& pool, const job_options& options, place&& taken, F&& function,
                                                  Args&&... args) {
  const place_in_use inside(taken);
  return detail::submit_admitted(pool, options, admitted_call(std::move(taken)), std::forward<F>(function),
                                 std::forward<Args>(args)...);
}

/// The moment that a limiter gives, but not after the deadline of the job; the past without a limiter.
[[nodiscard]] inline std::chrono::steady_clock::time_point moment_of_caller(const pool_timers& by, const job_options& options) {
  using time_point = std::chrono::steady_clock::time_point;
  if (options.limiter == nullptr) return time_point::min();
  return std::min(options.limiter->take(by.now()), options.deadline.value_or(time_point::max()));
}

/// Runs a task that is counted, when the moment has come. The caller has claimed it before, so that it is there, and its pool,
/// for as long as this waits. `cancel(reason)` ends it instead, `stopped()` because its token was stopped meanwhile.
template <class Run, class Cancel, class Stopped>
void run_in_its_moment(const pool_timers& by, std::chrono::steady_clock::time_point due, const std::stop_token& stop, Run&& run,
                       Cancel&& cancel, Stopped&& stopped) {
  if (due > by.now()) {
    try {
      wait_for_moment(by, due, stop);
    } catch (...) {
      cancel(std::current_exception());
      throw;
    }
    if (stop.stop_requested()) return stopped();
  }
  run();
}

template <class Stop, class F, class... Args>
future<task_result<F, Args...>> make_and_run(const pool_timers& by, const job_options& options, F&& function, Args&&... args) {
  using call = bound_call<std::decay_t<F>, std::decay_t<Args>...>;
  using task = submitted_task<task_result<F, Args...>, call, Stop>;
  const auto due = moment_of_caller(by, options);
  const std::stop_token& stop = options.task.stop;
  task& made = make_task<task>(by.pool, typename task::link_type(stop), std::in_place, std::forward<F>(function),
                               std::forward<Args>(args)...);
  queue_with_hook(made, stop, [&] { by.pool.reserve(options.task.priority); });
  auto result = future_access::adopt(made);
  if (made.state.claim() == claim_outcome::taken) {
    made.drop_reference();
    return result;
  }
  run_in_its_moment(
      by, due, stop, [&] { by.pool.run_dequeued_outside(made); },
      [&](std::exception_ptr reason) {
        by.pool.cancel_claimed(made, std::move(reason));
        made.drop_reference();
      },
      [&] {
        cancel_by_token(made);
        made.drop_reference();
      });
  return result;
}

/// Runs the task on the calling thread, unless its stop token is stopped before. It is one of the pool's. Of a job this is the
/// first attempt.
template <class F, class... Args>
future<task_result<F, Args...>> run_by_caller(scheduler& pool, const job_options& options, F&& function, Args&&... args) {
  const pool_timers by = timers_of(pool);
  if (!is_any_task(options)) {
    job_plan plan = plan_job(options, callable_again<F, Args...>);
    const auto due = moment_of_caller(by, options);
    job* own = nullptr;
    const auto reserve = [&own](job& made) {
      made.reserve();
      own = &made;
    };
    auto result = make_job(by, std::move(plan), reserve, std::forward<F>(function), std::forward<Args>(args)...);
    if (own->claim_here() == claim_outcome::claimed)
      run_in_its_moment(
          by, due, options.task.stop, [&] { own->run_here(); },
          [&](std::exception_ptr reason) { own->end_here(std::move(reason)); }, [&] { own->stop_here(); });
    return result;
  }
  if (options.task.stop.stop_possible())
    return make_and_run<with_own_stop<takes_stop_token<F, Args...>>>(by, options, std::forward<F>(function),
                                                                     std::forward<Args>(args)...);
  return make_and_run<without_own_stop>(by, options, std::forward<F>(function), std::forward<Args>(args)...);
}

/// Until when it makes sense to wait for a place: the job's deadline, on the steady clock.
[[nodiscard]] inline std::optional<std::chrono::steady_clock::time_point> deadline_at_gate(const scheduler& pool,
                                                                                           const job_options& options) {
  if (!options.deadline || *options.deadline == std::chrono::steady_clock::time_point::max()) return std::nullopt;
  return deadline_after(*options.deadline - timers_of(pool).now());
}

template <class F, class... Args>
future<task_result<F, Args...>> submit_at_gate(scheduler& pool, const job_options& options, F&& function, Args&&... args) {
  if (!is_any_task(options)) (void)plan_job(options, callable_again<F, Args...>);  // what makes no sense waits for nothing
  admission got = admit(*options.gate, pool, options.task.stop, deadline_at_gate(pool, options));
  if (got.outcome == admission_outcome::full)
    return run_by_caller(pool, options, admitted_call({}), std::forward<F>(function), std::forward<Args>(args)...);
  // One that is not to run goes the same way, without a place: its future says so.
  return submit_with_place(pool, options, std::move(got.taken), std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace filch::inline v0_1::detail
