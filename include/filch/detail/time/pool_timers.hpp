// The timers of a pool, as templates see them.
#pragma once

#include <chrono>
#include <type_traits>

#include <filch/detail/task/task_pool.hpp>
#include <filch/detail/task/wait.hpp>

namespace filch::inline v0_1 {
class scheduler;
}

namespace filch::inline v0_1::detail {

class timers;

struct pool_timers {
  timers& in;
  task_pool& pool;

  /// What the pool's clock says.
  [[nodiscard]] std::chrono::steady_clock::time_point now() const noexcept;
};

/// The timers of a pool, ready to take entries. Throws forked; std::bad_alloc, or std::system_error when the timer thread
/// cannot be created.
[[nodiscard]] pool_timers timers_of(const scheduler& pool);

/// A moment of any clock on the pool's.
template <class Clock, class Duration>
[[nodiscard]] std::chrono::steady_clock::time_point on_pools_clock(const pool_timers& by,
                                                                   std::chrono::time_point<Clock, Duration> when) {
  using steady = std::chrono::steady_clock;
  if constexpr (std::is_same_v<Clock, steady>) return later(steady::time_point(), when.time_since_epoch());
  const steady::time_point due = on_steady_clock(when);
  return due == steady::time_point::max() ? due : later(by.now(), due - steady::now());
}

}  // namespace filch::inline v0_1::detail
