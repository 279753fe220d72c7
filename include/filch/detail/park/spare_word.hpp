// One word that keeps the width of a pool while workers block and while the pool is resized.
//
//   [ target : 13 | unblocked : 13 | dormant spares : 38 ]
//
// Invariant: unblocked workers, active or parked, never fall below the target while a spare is dormant, and never below
// one. Every change is one read-modify-write, so that nobody retires between a worker's check and its decrement, or by a
// target of before: check and change are the same step.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

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

struct raise_result {
  std::optional<unsigned> lacks;  // this spare is to be started, and to join; nothing else has changed
  std::uint64_t too_many;         // unblocked workers, when nothing was lacking
};

template <class Atomics = standard_atomics>
class spare_word {
 public:
  static constexpr unsigned capacity = 38;

  /// `target` workers, all unblocked, and `spares` dormant spares.
  spare_word(std::uint64_t target, unsigned spares) noexcept
      : word_((target << target_at) | (target << unblocked_at) | ((std::uint64_t{1} << spares) - 1)) {}

  /// The caller stops being unblocked: by leaving when there is one too many, else by swapping with a spare, else by
  /// leaving as long as another worker stays, who cannot be waiting for anything.
  [[nodiscard]] block_result block() noexcept {
    std::uint64_t old = word_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t dormant = old & dormant_mask;
      confirm(unblocked(old) != 0, "a worker blocked though none was unblocked");
      const bool leaves = has_excess(old) || (dormant == 0 && unblocked(old) > 1);
      if (!leaves && dormant == 0) return {block_outcome::refused, 0};
      const std::uint64_t next = leaves ? old - one_unblocked : without_lowest_spare(old);
      // [W1] acquire, pairs with [W2] of the spare that went dormant: what it left behind is visible to its waker. All that
      // comes between the two is a read-modify-write, which passes on what [W2] has released.
      if (!word_.compare_exchange_strong(old, next, std::memory_order_acquire, std::memory_order_relaxed)) continue;
      if (leaves) return {block_outcome::left, 0};
      return {block_outcome::replaced, static_cast<unsigned>(std::countr_zero(dormant))};
    }
  }

  /// Takes back a block() that was answered `replaced`, or a raise() that was answered with a spare, when it could not be
  /// started.
  void return_spare(unsigned spare) noexcept {
    const std::uint64_t old = word_.fetch_or(std::uint64_t{1} << spare, std::memory_order_release);  // [W2]
    confirm((old >> spare & 1) == 0, "a spare was given back that was dormant");
  }

  /// The caller is unblocked again. True when there is now one too many.
  [[nodiscard]] bool unblock() noexcept {
    return has_excess(word_.fetch_add(one_unblocked, std::memory_order_relaxed) + one_unblocked);
  }

  /// Undoes an unblock().
  void take_back_unblock() noexcept { (void)word_.fetch_sub(one_unblocked, std::memory_order_relaxed); }

  /// A spare asks to go dormant: only while more than the target are unblocked.
  [[nodiscard]] retire_outcome try_retire(unsigned spare) noexcept {
    std::uint64_t old = word_.load(std::memory_order_relaxed);
    while (has_excess(old)) {
      const std::uint64_t next = (old - one_unblocked) | (std::uint64_t{1} << spare);
      // [W2] release, pairs with [W1]: who takes the bit next sees what this spare left behind, its thread's being started
      // among it.
      if (word_.compare_exchange_strong(old, next, std::memory_order_release, std::memory_order_relaxed))
        return retire_outcome::dormant;
    }
    return retire_outcome::needed;
  }

  /// A worker asks to leave: only while it stands past the target, and more than the target are unblocked. Nobody resizes
  /// meanwhile: the lock for that keeps what becomes of it.
  [[nodiscard]] retire_outcome try_leave(unsigned index) noexcept {
    std::uint64_t old = word_.load(std::memory_order_relaxed);
    while (index >= target(old) && has_excess(old))
      if (word_.compare_exchange_strong(old, old - one_unblocked, std::memory_order_relaxed, std::memory_order_relaxed))
        return retire_outcome::dormant;
    return retire_outcome::needed;
  }

  /// Raises the target, and counts `joining` workers as unblocked, who are there and not counted yet. When they are not enough,
  /// since workers that should have left stand in for some that block, and a spare is dormant, it takes this one instead. By
  /// one at a time.
  [[nodiscard]] raise_result raise(std::uint64_t to, std::uint64_t joining) noexcept {
    std::uint64_t old = word_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t dormant = old & dormant_mask;
      const bool lacks_one = dormant != 0 && unblocked(old) + joining < to;
      const std::uint64_t next =
          lacks_one ? without_lowest_spare(old) : old + ((to - target(old)) << target_at) + joining * one_unblocked;
      // [W1] acquire, as in block().
      if (!word_.compare_exchange_strong(old, next, std::memory_order_acquire, std::memory_order_relaxed)) continue;
      if (lacks_one) return {static_cast<unsigned>(std::countr_zero(dormant)), 0};
      return {std::nullopt, excess_of(next)};
    }
  }

  /// Lowers the target. How many unblocked workers there are too many then. By one at a time.
  [[nodiscard]] std::uint64_t lower(std::uint64_t to) noexcept {
    const std::uint64_t less = (target(word_.load(std::memory_order_relaxed)) - to) << target_at;
    const std::uint64_t now = word_.fetch_sub(less, std::memory_order_relaxed) - less;
    return excess_of(now);
  }

  /// How many workers there are to be.
  [[nodiscard]] unsigned target() const noexcept {
    return static_cast<unsigned>(target(word_.load(std::memory_order_relaxed)));
  }
  /// More unblocked workers than the target; a hint that may be old, as all that follow.
  [[nodiscard]] bool excess() const noexcept { return has_excess(word_.load(std::memory_order_relaxed)); }
  /// The same, and a worker of this index, or of a higher one, may be the one that leaves.
  [[nodiscard]] bool excess_for(unsigned index) const noexcept { return excess_at(place_of(index)); }
  /// The same, by what stands for an index. For who asks before each task: a load and a comparison.
  [[nodiscard]] bool excess_at(std::uint64_t place) const noexcept {
    const std::uint64_t now = word_.load(std::memory_order_relaxed);
    return now < place && has_excess(now);
  }
  /// The least word with a target above the index: the target stands on top.
  static constexpr std::uint64_t place_of(unsigned index) noexcept { return (std::uint64_t{index} + 1) << target_at; }
  [[nodiscard]] unsigned unblocked() const noexcept {
    return static_cast<unsigned>(unblocked(word_.load(std::memory_order_relaxed)));
  }
  [[nodiscard]] unsigned dormant_count() const noexcept {
    return static_cast<unsigned>(std::popcount(word_.load(std::memory_order_relaxed) & dormant_mask));
  }

 private:
  static constexpr unsigned unblocked_at = capacity;
  static constexpr unsigned target_at = unblocked_at + 13;
  static constexpr std::uint64_t dormant_mask = (std::uint64_t{1} << unblocked_at) - 1;
  static constexpr std::uint64_t one_unblocked = std::uint64_t{1} << unblocked_at;

  static constexpr std::uint64_t target(std::uint64_t word) noexcept { return word >> target_at; }
  static constexpr std::uint64_t unblocked(std::uint64_t word) noexcept {
    return word >> unblocked_at & ((std::uint64_t{1} << (target_at - unblocked_at)) - 1);
  }
  static constexpr bool has_excess(std::uint64_t word) noexcept { return unblocked(word) > target(word); }
  static constexpr std::uint64_t excess_of(std::uint64_t word) noexcept {
    return has_excess(word) ? unblocked(word) - target(word) : 0;
  }
  static constexpr std::uint64_t without_lowest_spare(std::uint64_t word) noexcept { return word & (word - 1); }

  alignas(cache_line) typename Atomics::template atomic<std::uint64_t> word_;
};

}  // namespace filch::inline v0_1::detail
