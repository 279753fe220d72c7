// What a thread parks on while it waits for a future: a word of its own, never the idle token of a worker.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/cache_line.hpp>

#include "park/futex.hpp"

namespace filch::inline v0_1::detail {

enum class park_result { notified, timed_out };

/// One thread waits, one other notifies, once a round. The notifier's exchange is its last access to the memory: the
/// wake-up after it uses the address alone, so the waiter may return, and its thread end, in between.
class parker {
 public:
  /// Owner: starts a round. No notifier may be left from the round before.
  void prepare() noexcept { word_.store(empty, std::memory_order_relaxed); }

  /// Owner: blocks until notified or until the deadline, after spinning for `spin_turns`.
  [[nodiscard]] park_result park(std::optional<steady_time> deadline, unsigned spin_turns) noexcept;

  /// The notifier, once.
  void unpark() noexcept;

 private:
  static constexpr std::uint32_t empty = 0;
  static constexpr std::uint32_t asleep = 1;
  static constexpr std::uint32_t notified = 2;

  alignas(cache_line) standard_atomics::atomic<std::uint32_t> word_{empty};
};

/// The calling thread's parker.
parker& this_thread_parker() noexcept;

}  // namespace filch::inline v0_1::detail
