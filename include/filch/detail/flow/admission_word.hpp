// How many places of a gate are free, whether anybody waits for one, and whether the gate is still there, in one word. The
// protocol and its proof are in src/flow/README.md.
//
//   [ free places, less than none while workers have taken more | GONE | WAITING ]
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>

namespace filch::inline v0_1::detail {

enum class take_outcome { taken, full };
enum class give_outcome {
  given,
  somebody_waits,  // the place is still the caller's, to be handed over
  last             // all places are back and the gate is gone: what holds the word has no user any more
};
enum class line_outcome { taken, waits };
enum class payment { paid, nothing_owed };

/// Functions "of the line" are called under the lock of those who wait; WAITING says that there are some, and while it does no
/// place is free.
template <class Atomics = standard_atomics>
class admission_word {
 public:
  static constexpr std::int64_t most_places = std::int64_t{1} << 48;

  /// Between 1 and most_places.
  explicit admission_word(std::int64_t places) noexcept : places_(places), word_(places * one_place) {}

  /// For a submitter from outside.
  [[nodiscard]] take_outcome try_take() noexcept {
    std::int64_t old = word_.load(std::memory_order_relaxed);
    do {
      if (old < one_place) return take_outcome::full;
    } while (!take_from(old));
    return take_outcome::taken;
  }

  /// For a worker of the pool, who may take a place that is not there. Relaxed: nobody promised it anything.
  void take_regardless() noexcept { (void)word_.fetch_sub(one_place, std::memory_order_relaxed); }

  /// After `last` nobody touches the word any more; after `given` the caller does not.
  [[nodiscard]] give_outcome give_back() noexcept {
    const std::int64_t all = all_free_and_gone();  // read before: the word may be gone afterwards
    std::int64_t old = word_.load(std::memory_order_relaxed);
    do {
      if ((old & waiting) != 0) return give_outcome::somebody_waits;
      // [A2] acq_rel compare-and-swap. Release pairs with [A1]: who gets the place sees what was done in it; and with the
      // acquire here and in [A4]: the last one sees all that the others did before it destroys.
    } while (!word_.compare_exchange_strong(old, old + one_place, std::memory_order_acq_rel, std::memory_order_relaxed));
    return old + one_place == all ? give_outcome::last : give_outcome::given;
  }

  /// Of the line: takes a place, or announces that somebody waits. One step decides, so that no place becomes free in between.
  [[nodiscard]] line_outcome take_or_wait() noexcept {
    std::int64_t old = word_.load(std::memory_order_relaxed);
    for (;;) {
      if (old >= one_place) {
        if (take_from(old)) return line_outcome::taken;
      } else if ((old & waiting) != 0 || announce(old)) {
        return line_outcome::waits;
      }
    }
  }

  /// Of the line, which is not empty, by who has a place to give: it pays for one that a worker has taken beyond the bound, if
  /// there is such a one. Workers may take more meanwhile, but nobody else gives.
  [[nodiscard]] payment pay_excess() noexcept {
    if (word_.load(std::memory_order_relaxed) >= 0) return payment::nothing_owed;
    (void)word_.fetch_add(one_place, std::memory_order_release);  // [A3] as the release of [A2]
    return payment::paid;
  }

  /// Of the line, which is empty now. Relaxed: as the announcement.
  void nobody_waits() noexcept { (void)word_.fetch_and(~waiting, std::memory_order_relaxed); }

  /// The gate goes, once.
  [[nodiscard]] give_outcome gate_goes() noexcept {
    const std::int64_t all = all_free_and_gone();  // as in give_back()
    // [A4] acq_rel fetch_or, pairs with [A2] and with itself there.
    const std::int64_t old = word_.fetch_or(gone, std::memory_order_acq_rel);
    return (old | gone) == all ? give_outcome::last : give_outcome::given;
  }

  /// May be old.
  [[nodiscard]] bool somebody_waits() const noexcept { return (word_.load(std::memory_order_relaxed) & waiting) != 0; }

  /// How many are out; may be old.
  [[nodiscard]] std::int64_t taken() const noexcept { return places_ - (word_.load(std::memory_order_relaxed) >> flag_bits); }
  [[nodiscard]] std::int64_t places() const noexcept { return places_; }

 private:
  static constexpr int flag_bits = 2;
  static constexpr std::int64_t waiting = 1;
  static constexpr std::int64_t gone = 2;
  static constexpr std::int64_t one_place = std::int64_t{1} << flag_bits;

  [[nodiscard]] std::int64_t all_free_and_gone() const noexcept { return places_ * one_place | gone; }

  bool take_from(std::int64_t& old) noexcept {
    // [A1] acquire compare-and-swap, pairs with [A2] and [A3].
    return word_.compare_exchange_strong(old, old - one_place, std::memory_order_acquire, std::memory_order_relaxed);
  }

  // [A5] acquire compare-and-swap, pairs with [A2]: what has paid for an excess before this came without the lock. Who sees the
  // announcement comes for the lock, and finds the line there.
  bool announce(std::int64_t& old) noexcept {
    return word_.compare_exchange_strong(old, old | waiting, std::memory_order_acquire, std::memory_order_relaxed);
  }

  const std::int64_t places_;
  typename Atomics::template atomic<std::int64_t> word_;
};

}  // namespace filch::inline v0_1::detail
