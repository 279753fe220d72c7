// A clock that stands still until it is moved, for tests of what waits for its time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include <filch/detail/base/process_generation.hpp>
#include <filch/detail/task/wait.hpp>

namespace filch::inline v0_1 {

class scheduler;

namespace detail {
class timers;
}

/// The time of pools that use it: begins at the moment it is made, and moves when it is told to.
///
/// Thread safety: all members may be called from any thread at any time. It must outlive the pools that use it.
///
/// ```
/// filch::virtual_clock clock;
/// filch::scheduler pool;
/// filch::use_clock(pool, clock);
/// auto tomorrow = filch::submit_after(pool, 24h, [] { return 42; });
/// clock.advance(24h);
/// assert(tomorrow.get() == 42);
/// ```
class virtual_clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  virtual_clock() = default;
  virtual_clock(const virtual_clock&) = delete;
  virtual_clock& operator=(const virtual_clock&) = delete;

  /// Never blocks.
  [[nodiscard]] time_point now() const noexcept {
    // [Y1] acquire load, pairs with [Y2]: what is due by the new time sees what was done before the clock was moved, also when
    // the timer thread looks before it is told.
    return time_point(duration(now_.load(std::memory_order_acquire)));
  }

  /// Moves it forwards. What is due by then has been queued when this returns, first what is due first, unless there was no
  /// memory for it; it may not have run yet. Of a series one call has been queued, whatever the step; the next, if it is due by
  /// then, is queued when that one is over, which wait_idle() tells where nothing else waits for its time, or what the call
  /// does.
  ///
  /// Blocking: until the timer threads of all pools that use it have looked, and have done what is due for jobs whose time is
  /// up. Throws std::invalid_argument when `by` is negative; would_deadlock on a timer thread, in a stop callback or a
  /// destructor of a capture; forked.
  template <class Rep, class Period>
  void advance(std::chrono::duration<Rep, Period> by) {
    require_not_negative(!(by >= by.zero()));
    move_to([&](time_point now) { return detail::later(now, by); });
  }

 private:
  friend class detail::timers;
  friend void use_clock(scheduler& pool, virtual_clock& clock);

  void require_usable() const;
  static void require_not_negative(bool negative);
  template <class Later>
  void move_to(Later&& later) {
    require_usable();
    const std::scoped_lock one_at_a_time(moving_);
    now_.store(later(now()).time_since_epoch().count(), std::memory_order_release);  // [Y2]
    tell_users();
  }
  void tell_users();
  void add_user(detail::timers& user);
  void remove_user(detail::timers& user) noexcept;

  const std::uint32_t generation_ = detail::process_generation();
  std::atomic<duration::rep> now_{std::chrono::steady_clock::now().time_since_epoch().count()};
  std::mutex moving_;  // held over a step, while the timers of all users look
  std::mutex mutex_;   // all below under it
  std::condition_variable told_has_answered_;
  std::vector<detail::timers*> users_;
  detail::timers* told_ = nullptr;
};

/// Lets a clock decide when the timers of a pool are due. Limits on waits, as of future::wait_for() and shutdown_for(), go by
/// the steady clock all the same. A pool with tasks that wait for such a time does not end by itself: move the clock, or call
/// shutdown_now(). Throws std::invalid_argument when the pool has a clock already or had its first timer; forked;
/// std::bad_alloc.
void use_clock(scheduler& pool, virtual_clock& clock);

}  // namespace filch::inline v0_1
