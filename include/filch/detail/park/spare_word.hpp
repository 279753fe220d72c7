// One word that keeps the width of a pool while workers block.
//
//   [ unblocked : 16 | dormant spares : 48 ]
//
// Invariant: unblocked workers, active or parked, never fall below the target while a spare is dormant, and never below
// one. Every change is one read-modify-write, so that a spare cannot retire between a worker's check and its decrement:
// check and change are the same step.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/cache_line.hpp>
#include <filch/detail/base/checked_build.hpp>

namespace filch::inline v0_1::detail {

enum class block_outcome {
  left,      // the caller counts as blocked: there were more than the target, or no spare is left and another stays
  replaced,  // the caller counts as blocked and must wake the spare it was given
  refused    // every spare is in use and the caller is the last unblocked worker; nothing has changed
};
enum class retire_outcome { dormant, needed };

struct block_result {
  block_outcome outcome;
  unsigned spare;
};

template <class Atomics = standard_atomics>
class spare_word {
 public:
  static constexpr unsigned capacity = 48;

  /// `target` workers, all unblocked, and `spares` dormant spares.
  spare_word(std::uint64_t target, unsigned spares) noexcept
      : target_(target), word_((target << capacity) | ((std::uint64_t{1} << spares) - 1)) {}

  /// The caller stops being unblocked: by leaving when there is one too many, else by swapping with a spare, else by
  /// leaving as long as another worker stays, who cannot be waiting for anything.
  [[nodiscard]] block_result block() noexcept {
    std::uint64_t old = word_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t dormant = old & dormant_mask;
      confirm(unblocked(old) != 0, "a worker blocked though none was unblocked");
      const bool leaves = unblocked(old) > target_ || (dormant == 0 && unblocked(old) > 1);
      if (!leaves && dormant == 0) return {block_outcome::refused, 0};
      const std::uint64_t next = leaves ? old - one_unblocked : old & ~(dormant & (~dormant + 1));
      // [W1] acquire, pairs with [W2] of the spare that went dormant: what it left behind is visible to its waker. All that
      // comes between the two is a read-modify-write, which passes on what [W2] has released.
      if (!word_.compare_exchange_strong(old, next, std::memory_order_acquire, std::memory_order_relaxed)) continue;
      if (leaves) return {block_outcome::left, 0};
      return {block_outcome::replaced, static_cast<unsigned>(std::countr_zero(dormant))};
    }
  }

  /// Takes back a block() that was answered `replaced`, when the spare could not be started.
  void return_spare(unsigned spare) noexcept {
    const std::uint64_t old = word_.fetch_or(std::uint64_t{1} << spare, std::memory_order_release);  // [W2]
    confirm((old >> spare & 1) == 0, "a spare was given back that was dormant");
  }

  /// The caller is unblocked again. True when there is now one too many.
  [[nodiscard]] bool unblock() noexcept {
    return unblocked(word_.fetch_add(one_unblocked, std::memory_order_relaxed)) + 1 > target_;
  }

  /// Undoes an unblock().
  void take_back_unblock() noexcept { (void)word_.fetch_sub(one_unblocked, std::memory_order_relaxed); }

  /// A spare asks to go dormant: only while more than the target are unblocked.
  [[nodiscard]] retire_outcome try_retire(unsigned spare) noexcept {
    std::uint64_t old = word_.load(std::memory_order_relaxed);
    while (unblocked(old) > target_) {
      const std::uint64_t next = (old - one_unblocked) | (std::uint64_t{1} << spare);
      // [W2] release, pairs with [W1]: who takes the bit next sees what this spare left behind, its thread's being started
      // among it.
      if (word_.compare_exchange_strong(old, next, std::memory_order_release, std::memory_order_relaxed))
        return retire_outcome::dormant;
    }
    return retire_outcome::needed;
  }

  /// More unblocked workers than the target; a hint that may be old.
  [[nodiscard]] bool excess() const noexcept {
    return unblocked(word_.load(std::memory_order_relaxed)) > target_;
  }
  [[nodiscard]] unsigned dormant_count() const noexcept {
    return static_cast<unsigned>(std::popcount(word_.load(std::memory_order_relaxed) & dormant_mask));
  }

 private:
  static constexpr std::uint64_t dormant_mask = (std::uint64_t{1} << capacity) - 1;
  static constexpr std::uint64_t one_unblocked = std::uint64_t{1} << capacity;
  static constexpr std::uint64_t unblocked(std::uint64_t word) noexcept { return word >> capacity; }

  const std::uint64_t target_;
  alignas(cache_line) typename Atomics::template atomic<std::uint64_t> word_;
};

}  // namespace filch::inline v0_1::detail
