// What all threads at work in a loop share: whether it goes on.
#pragma once

#include <atomic>
#include <stop_token>

#include <filch/detail/base/atomics.hpp>

namespace filch::inline v0_1::detail {

/// Throws task_cancelled.
[[noreturn]] void throw_stopped(const char* function);

/// Lies on the stack of who called the loop. Nothing is published by its word: who waits for a piece synchronises with its end.
class loop_control {
 public:
  explicit loop_control(const std::stop_token& stop) noexcept : stop_(stop), can_be_stopped_(stop.stop_possible()) {}
  loop_control(const loop_control&) = delete;
  loop_control& operator=(const loop_control&) = delete;

  /// Whether something more may be begun. If not, something is left out.
  [[nodiscard, gnu::always_inline]] bool may_begin() noexcept {
    if (can_be_stopped_ && stop_.stop_requested()) [[unlikely]]
      end(state::stopped);
    return state_.load(std::memory_order_relaxed) == state::going;
  }

  /// Nothing more is begun: something has thrown.
  void fail() noexcept { end(state::failed); }
  [[nodiscard]] bool has_ended_early() const noexcept { return state_.load(std::memory_order_relaxed) != state::going; }

  /// When all that ran has ended and has not thrown.
  void throw_if_stopped(const char* function) const {
    if (state_.load(std::memory_order_relaxed) == state::stopped) [[unlikely]]
      throw_stopped(function);
  }

 private:
  enum class state : unsigned char { going, stopped, failed };

  void end(state how) noexcept {
    state expected = state::going;
    (void)state_.compare_exchange_strong(expected, how, std::memory_order_relaxed, std::memory_order_relaxed);
  }

  const std::stop_token& stop_;
  const bool can_be_stopped_;
  standard_atomics::atomic<state> state_{state::going};
};

}  // namespace filch::inline v0_1::detail
