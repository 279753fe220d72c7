// A call that is repeated.
#pragma once

#include <chrono>
#include <functional>
#include <type_traits>
#include <utility>

#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/detail/time/series.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/future.hpp>
#include <filch/time/tick_options.hpp>

namespace filch::inline v0_1 {

namespace detail {

// As an lvalue, since it is called more than once.
template <class F>
inline constexpr bool takes_stop_token_again = std::is_invocable_v<std::decay_t<F>&, const std::stop_token&>;

template <class F>
concept repeatable = takes_stop_token_again<F> || std::is_invocable_v<std::decay_t<F>&>;

template <class F>
future<void> start_series(const pool_timers& by, const tick_plan& plan, const std::stop_token& stop, F&& function) {
  using stop_of = with_own_stop<takes_stop_token_again<F>>;
  using made_series = series_of<std::decay_t<F>, stop_of>;
  made_series& made = make_task<made_series>(by.pool, by, plan, typename stop_of::link(stop), std::forward<F>(function));
  queue_with_hook(made, made, made.hook(), stop, [&] { made.start(); });
  return future_access::adopt<void>(made);
}

}  // namespace detail

/// Calls `function()` on a pool again and again. No two calls run at the same time; each is a task of its own, and between two
/// calls nothing is held but some memory: wait_idle() does not wait for what is not due. What the calls return is dropped.
///
/// The future is ready when the series is over, which the following end:
///   - an exception of a call, which get() rethrows;
///   - cancel(), which is in time while the series goes on, or a stop request: no call begins any more;
///   - the end of the pool, by any shutdown as soon as it begins, or by the destructor: a call that is queued already still
///     comes, unless the pool cancels it.
/// In these two get() throws task_cancelled, and the series counts as one cancelled task, beside its calls. A call that runs is
/// not interrupted. Where one runs or is queued, the callable is destroyed and the future ready when it is over; else at once.
///
/// A future that is dropped ends nothing. Waiting for the future in one of the calls throws would_deadlock.
///
/// Thread safety: any thread, tasks included. Blocking: as submit_at(). Throws std::invalid_argument for an empty callable, for
/// a period of zero or less, and for options that there are not; closed after the pool was shut down, also in one of its tasks;
/// std::system_error when the timer thread cannot be created; std::bad_alloc; forked; what copying or moving `function` throws.
/// Complexity: two allocations, none for a call.
///
/// ```
/// auto heartbeat = filch::submit_every(pool, 1s, [] { std::puts("alive"); });
/// ...
/// heartbeat.cancel();
/// ```
template <class Rep, class Period, class F>
  requires detail::repeatable<F>
future<void> submit_every(scheduler& pool, std::chrono::duration<Rep, Period> period, const tick_options& options,
                          F&& function) {
  detail::require_callable(function);
  using steady = std::chrono::steady_clock;
  const steady::duration step = detail::later(steady::time_point(), period) - steady::time_point();
  detail::check_ticks(step, options);
  const detail::pool_timers by = detail::timers_of(pool);
  const steady::time_point first = detail::later(by.now(), options.first ? *options.first : step);
  const detail::tick_plan plan{first, step, options.pace, options.missed, options.task.priority};
  return detail::start_series(by, plan, options.task.stop, std::forward<F>(function));
}

/// The same with all options as they are by default.
template <class Rep, class Period, class F>
  requires detail::repeatable<F>
future<void> submit_every(scheduler& pool, std::chrono::duration<Rep, Period> period, F&& function) {
  return filch::submit_every(pool, period, tick_options(), std::forward<F>(function));
}

}  // namespace filch::inline v0_1
