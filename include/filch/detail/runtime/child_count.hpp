// How many children of a group have not ended, in one word, and who waits for the last of them. The transitions and the proof
// are in src/runtime/README.md, task groups.
//
//   [ children | AWAITED ]
//
//   add             by who queues a child, before it is queued
//   remove          by who has ended some; if it leaves AWAITED alone in the word, it tells who waits, with its last touch
//   begin_to_wait   sets AWAITED, unless there is nothing to wait for
//
// Invariant: while AWAITED is set whoever waits does not leave before the state is ready, so who has taken the last child away
// may still touch it; while it is not set, remove() touches nothing afterwards.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::inline v0_1::detail {

template <class Atomics = standard_atomics>
class child_count {
 public:
  /// While a child has not ended, or before anybody has begun to wait.
  void add() noexcept {
    // Relaxed: who queues the child publishes it, and its end comes later in the order of this word.
    (void)word_.fetch_add(one, std::memory_order_relaxed);
  }

  /// The calling thread has ended so many. It may be gone afterwards.
  void remove(std::uint64_t children) noexcept {
    // [P1] acq_rel. Release pairs with [P2] and [P3]: what the children have written is seen by who finds that none is left.
    // Acquire pairs with [P3]: who finds the bit finds the state as end_wait() has left it.
    const std::uint64_t before = word_.fetch_sub(children * one, std::memory_order_acq_rel);
    if (before == children * one + awaited) notify_all(state_.finish());
  }

  /// Whether all have ended, and what they have written is seen.
  [[nodiscard]] bool is_zero() const noexcept {
    return word_.load(std::memory_order_acquire) < one;  // [P2] pairs with [P1]
  }

  /// Whether there is something to wait for: then state() becomes ready, and end_wait() must follow.
  [[nodiscard]] bool begin_to_wait() noexcept {
    // [P3] acq_rel, pairs with [P1], both ways.
    if (word_.fetch_or(awaited, std::memory_order_acq_rel) >= one) return true;
    forget_wait();
    return false;
  }
  [[nodiscard]] state_word<Atomics>& state() noexcept { return state_; }

  /// When the state is ready.
  void end_wait() noexcept {
    state_.reopen();
    forget_wait();
  }

 private:
  static constexpr std::uint64_t awaited = 1;
  static constexpr std::uint64_t one = 2;

  // Relaxed: only who waits reads the bit, but for who takes the last child away, and there is none.
  void forget_wait() noexcept { (void)word_.fetch_and(~awaited, std::memory_order_relaxed); }

  typename Atomics::template atomic<std::uint64_t> word_{0};
  state_word<Atomics> state_;
};

}  // namespace filch::inline v0_1::detail
