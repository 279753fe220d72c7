// So many a second.
#pragma once

#include <chrono>
#include <cstdint>

#include <filch/detail/flow/gcra.hpp>

namespace filch::inline v0_1 {

/// Gives away moments, so many a second. After a pause up to `burst` of them come together. Nothing is lost: who comes too
/// early gets a later moment, those behind it a later one still; where a burst may come together, and two threads have looked
/// at the clock at different moments, these may be in the other order by as much. A moment that was given away is used up, also
/// when it is far off and its task is cancelled: those behind it do not move up.
///
/// May be shared by any number of tasks, threads and pools, as long as they go by the same clock, and is used during the call
/// only: `filch::submit(pool, {.limiter = &limiter}, f)`. The algorithm is the generic cell rate algorithm, in one word.
///
/// Thread safety: every member may be called from any thread at any time. Lock-free.
class rate_limiter {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Intervals are whole nanoseconds, rounded up: the rate is never higher, and lower by 0.1 % at most up to a million a
  /// second, by 1 % up to ten million. Moments end 146 years after the clock's beginning. Throws std::invalid_argument for a
  /// rate that is not between one a year and ten million a second, and for a burst of less than 1 or of more than a year.
  explicit rate_limiter(double per_second, std::int64_t burst = 1);

  /// Takes the next moment and says which it is: `now`, or a later one, until which the caller has to wait. It cannot be given
  /// back.
  [[nodiscard]] time_point take(time_point now = std::chrono::steady_clock::now()) noexcept {
    return time_point(std::chrono::nanoseconds(places_.take(now.time_since_epoch().count())));
  }

  /// Takes the next moment if it has come, and says whether it had.
  [[nodiscard]] bool try_take(time_point now = std::chrono::steady_clock::now()) noexcept {
    return places_.take_if_due(now.time_since_epoch().count());
  }

 private:
  static detail::gcra<> made_of(double per_second, std::int64_t burst);

  detail::gcra<> places_;
};

}  // namespace filch::inline v0_1
