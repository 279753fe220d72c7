// Which tasks have their latency measured: one in every so many, so that the clock is read seldom.
#pragma once

#include <chrono>
#include <cstdint>

namespace filch::inline v0_1::detail {

/// Nanoseconds of the steady clock.
inline std::int64_t steady_nanoseconds() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// One thread's sampler; `one_in` is the option, 0 for never.
class latency_sampler {
 public:
  /// The time to put on the next task, or 0 when it is not sampled.
  [[nodiscard]] std::int64_t stamp(unsigned one_in) noexcept {
    if (one_in == 0 || ++since_last_ < one_in) return 0;
    since_last_ = 0;
    return steady_nanoseconds();
  }

 private:
  unsigned since_last_ = 0;
};

}  // namespace filch::inline v0_1::detail
