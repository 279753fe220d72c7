// Tasks that start later. While it waits for its time a task holds neither a worker nor a thread of its own.
#pragma once

#include <chrono>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/submitted_task.hpp>
#include <filch/detail/task/wait.hpp>
#include <filch/detail/time/delay.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/future.hpp>
#include <filch/task/task_options.hpp>

namespace filch::inline v0_1 {

namespace detail {

// It has room for a stop token also where none is given: next to the wait that is little, and to compile another kind is not.
template <class F, class... Args>
using delayed_task = submitted_task<task_result<F, Args...>, bound_call<std::decay_t<F>, std::decay_t<Args>...>,
                                    with_own_stop<takes_stop_token<F, Args...>>, with_delay>;

template <class F, class... Args>
future<task_result<F, Args...>> submit_due(const pool_timers& by, std::chrono::steady_clock::time_point due,
                                           const task_options& options, F&& function, Args&&... args) {
  using task = delayed_task<F, Args...>;
  const std::stop_token stop = options.stop;  // the callable may have the options with it
  task& made = make_task<task>(by.pool, by, options.priority, typename task::link_type(stop), std::in_place,
                               std::forward<F>(function), std::forward<Args>(args)...);
  made.waiting().submit(made, made.hook(), stop, due);
  return future_access::adopt(made);
}

}  // namespace detail

/// Submits `function(args...)` to a pool and queues it when the moment has come, as soon as the pool's timer thread gets a
/// core; see executor_ref::submit. A moment of the steady clock is taken as it is; one of another clock is turned into one at
/// the call, so that it does not follow a clock that is set.
///
/// The task belongs to the pool from now on: wait_idle(), shutdown() and the destructor wait for its time and its end;
/// shutdown_now(), and the deadline of shutdown_for(), cancel it. cancel() and a stop token end it at once, and before its time
/// its block goes back then. What never comes, since it is due at the end of all time, is ended by these alone. A get() never
/// runs it in place, on whatever thread.
///
/// Thread safety: any thread, tasks included. Blocking: on the lock of the pool's timers, for a look, or while those are
/// handed over that are due at this moment; the first time a thread is made. Throws as executor_ref::submit; std::system_error
/// when the timer thread cannot be created. Complexity: two allocations, logarithmic in the number of those that wait.
template <class Clock, class Duration, class F, class... Args>
  requires detail::submittable<F, Args...>
future<detail::task_result<F, Args...>> submit_at(scheduler& pool, std::chrono::time_point<Clock, Duration> when,
                                                  const task_options& options, F&& function, Args&&... args) {
  detail::require_callable(function);
  const detail::pool_timers by = detail::timers_of(pool);
  return detail::submit_due(by, detail::on_pools_clock(by, when), options, std::forward<F>(function),
                            std::forward<Args>(args)...);
}

/// The same for a task of which no more is said.
template <class Clock, class Duration, class F, class... Args>
  requires detail::submittable<F, Args...>
future<detail::task_result<F, Args...>> submit_at(scheduler& pool, std::chrono::time_point<Clock, Duration> when,
                                                  F&& function, Args&&... args) {
  return filch::submit_at(pool, when, task_options(), std::forward<F>(function), std::forward<Args>(args)...);
}

/// The same, so much later than now. A delay of zero or less is over; one too long for the clock never is.
///
/// ```
/// auto reminder = filch::submit_after(pool, 5min, [] { return "time is up"; });
/// ```
template <class Rep, class Period, class F, class... Args>
  requires detail::submittable<F, Args...>
future<detail::task_result<F, Args...>> submit_after(scheduler& pool, std::chrono::duration<Rep, Period> wait,
                                                     const task_options& options, F&& function, Args&&... args) {
  detail::require_callable(function);
  const detail::pool_timers by = detail::timers_of(pool);
  return detail::submit_due(by, detail::later(by.now(), wait), options, std::forward<F>(function),
                            std::forward<Args>(args)...);
}

/// The same for a task of which no more is said.
template <class Rep, class Period, class F, class... Args>
  requires detail::submittable<F, Args...>
future<detail::task_result<F, Args...>> submit_after(scheduler& pool, std::chrono::duration<Rep, Period> wait, F&& function,
                                                     Args&&... args) {
  return filch::submit_after(pool, wait, task_options(), std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace filch::inline v0_1
