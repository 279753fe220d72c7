// Who has ended, in the order of their ends: many tell it, one takes them all, or waits until there is one. The steps and what
// they exclude are in src/task/README.md.
//
//   [ the newest that has ended, or the one who waits | WAITS ]
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::inline v0_1::detail {

/// What ends is a waiter of its own task, which was installed before the task was queued: its notification is push(). Lock-free
/// but for the wake-up. There is one owner, who takes and waits.
template <class Atomics = standard_atomics>
class completion_list {
 public:
  using waiter = basic_waiter<Atomics>;

  /// Any thread: adds one that has ended, and notifies the owner if it waits. Otherwise the list may be gone afterwards, and
  /// what was added as well.
  void push(waiter& ended) noexcept {
    std::uintptr_t old = word_.load(std::memory_order_relaxed);
    do {
      ended.next = is_waiting(old) ? nullptr : node(old);
      // [E1] acq_rel compare-and-swap. Release pairs with [E2]: who takes the list sees what ended, and the links. Acquire
      // pairs with [E3]: who was waiting is notified, so it must be seen made.
    } while (!word_.compare_exchange_strong(old, address(&ended), std::memory_order_acq_rel, std::memory_order_relaxed));
    if (is_waiting(old)) node(old)->notify(*node(old));
  }

  /// The owner, who does not wait: whether there is nothing to take.
  [[nodiscard]] bool is_empty() const noexcept { return word_.load(std::memory_order_relaxed) == 0; }

  /// The owner, who does not wait: takes all, linked by `next`, the oldest first.
  [[nodiscard]] waiter* take_all() noexcept {
    if (is_empty()) return nullptr;
    // [E2] acquire exchange, pairs with [E1] of each that is in the list: those before the newest are in its release sequence.
    waiter* left = node(word_.exchange(0, std::memory_order_acquire));
    waiter* oldest = nullptr;
    while (left != nullptr) {
      waiter* const before = left->next;
      left->next = oldest;
      oldest = left;
      left = before;
    }
    return oldest;
  }

  /// The owner: from now on the next push() notifies `self`, once. Not if there is something to take.
  [[nodiscard]] install_outcome install(waiter& self) noexcept {
    std::uintptr_t empty = 0;
    // [E3] release compare-and-swap, pairs with [E1].
    return word_.compare_exchange_strong(empty, address(&self) | waits, std::memory_order_release, std::memory_order_relaxed)
               ? install_outcome::installed
               : install_outcome::ready;
  }

  /// The owner takes back what it has installed, unless somebody has notified it or is about to.
  [[nodiscard]] uninstall_outcome uninstall(waiter& self) noexcept {
    std::uintptr_t own = address(&self) | waits;
    // Relaxed: nothing was published.
    return word_.compare_exchange_strong(own, 0, std::memory_order_relaxed, std::memory_order_relaxed)
               ? uninstall_outcome::removed
               : uninstall_outcome::ready;
  }

 private:
  static constexpr std::uintptr_t waits = 1;
  static_assert(alignof(waiter) > waits);

  static std::uintptr_t address(waiter* of) noexcept { return reinterpret_cast<std::uintptr_t>(of); }
  static waiter* node(std::uintptr_t word) noexcept { return reinterpret_cast<waiter*>(word & ~waits); }
  static bool is_waiting(std::uintptr_t word) noexcept { return (word & waits) != 0; }

  typename Atomics::template atomic<std::uintptr_t> word_{0};
};

}  // namespace filch::inline v0_1::detail
