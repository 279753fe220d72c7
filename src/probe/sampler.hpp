// Which tasks have their latency measured: one in every so many, so that the clock is read seldom.
#pragma once

#include <chrono>
#include <cstddef>
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
  /// Calls `stamp(i, now)` for those of the next `count` tasks that are sampled, with the time in `now`.
  template <class Stamp>
  void sample(std::size_t count, unsigned one_in, Stamp&& stamp) {
    if (one_in == 0) return;
    if (since_last_ + count < one_in) {
      since_last_ += count;
      return;
    }
    const std::int64_t now = steady_nanoseconds();
    std::size_t next = one_in - since_last_ - 1;
    for (; next < count; next += one_in) stamp(next, now);
    since_last_ = count + one_in - next - 1;
  }

 private:
  std::size_t since_last_ = 0;  // less than `one_in`
};

}  // namespace filch::inline v0_1::detail
