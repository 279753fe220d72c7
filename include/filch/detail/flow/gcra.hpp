// When may the next one come? The generic cell rate algorithm in its form of virtual scheduling (ITU-T I.371, annex A): one
// word, the theoretical arrival time of the next one, which each arrival moves on by an interval. Who comes earlier than that
// by more than the tolerance has to wait.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>

namespace filch::inline v0_1::detail {

/// Times are nanoseconds of one clock. Lock-free; the moments that it gives away are each one interval apart, but for those
/// that the tolerance lets come together.
template <class Atomics = standard_atomics>
class gcra {
 public:
  /// Both at least 0, and their sum less than 2^61.
  gcra(std::int64_t interval, std::int64_t tolerance) noexcept : interval_(interval), tolerance_(tolerance) {}

  /// Takes the next place, and answers when that is: now or later.
  [[nodiscard]] std::int64_t take(std::int64_t now) noexcept {
    std::int64_t expected = next_.load(std::memory_order_relaxed);
    while (!move_on(expected, now)) {
    }
    return std::max(now, expected - tolerance_);
  }

  /// Takes the next place if it has come.
  [[nodiscard]] bool take_if_due(std::int64_t now) noexcept {
    std::int64_t expected = next_.load(std::memory_order_relaxed);
    do {
      if (expected - tolerance_ > now) return false;
    } while (!move_on(expected, now));
    return true;
  }

 private:
  static constexpr std::int64_t long_ago = -(std::int64_t{1} << 61);
  static constexpr std::int64_t never = (std::int64_t{1} << 62);

  // Relaxed: the places are given away by one read-modify-write each, and nothing else is.
  bool move_on(std::int64_t& expected, std::int64_t now) noexcept {
    const std::int64_t after = std::min(std::max(expected, now), never) + interval_;
    return next_.compare_exchange_strong(expected, after, std::memory_order_relaxed, std::memory_order_relaxed);
  }

  const std::int64_t interval_;
  const std::int64_t tolerance_;
  typename Atomics::template atomic<std::int64_t> next_{long_ago};
};

}  // namespace filch::inline v0_1::detail
