// Two functions to park on a 32-bit word and to wake who is parked there. One of two back ends is built in:
// futex_linux.cpp, or futex_portable.cpp over a mutex and a condition variable.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace filch::inline v0_1::detail {

using steady_time = std::chrono::steady_clock::time_point;

/// Blocks while `word` holds `expected`, until woken, until the deadline, or for no reason: check the word again.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::optional<steady_time> deadline = std::nullopt) noexcept;

/// Lets the waits of the calling thread end as soon as their deadline has passed, where the system would otherwise gather
/// wake-ups.
void wait_punctually() noexcept;

/// Wakes one thread, or all, that is blocked on this address. Uses the address alone, never the memory: the word may be
/// gone.
void futex_wake_one(const std::atomic<std::uint32_t>* word) noexcept;
void futex_wake_all(const std::atomic<std::uint32_t>* word) noexcept;

}  // namespace filch::inline v0_1::detail
