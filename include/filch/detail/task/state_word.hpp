// The state of a task in one word: who waits for it, whether somebody runs it, whether it is done. The transitions and
// the proof are in src/task/README.md.
//
//   [ head of the waiters' list | CLAIMED | LOCK | READY ]
//
//   claim       exactly one caller ever wins; a cancel is an ordinary claim
//   install     adds a waiter, unless the task is done
//   uninstall   takes a waiter out of the middle, for a wait that timed out
//   finish      publishes the result and hands the list to the finisher, once
//   reopen      makes a finished word as new, for a task that is queued again, or for another wait
//
// Invariant: a waiter that was installed is either taken out by its own uninstall or notified exactly once.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>

namespace filch::inline v0_1::detail {

/// One who waits: a parked thread, a continuation or a suspended coroutine. It lies on its owner's stack or in its
/// owner's frame; once notified, the notifier does not touch it again.
template <class Atomics>
struct alignas(8) basic_waiter {
  using notify_function = void (*)(basic_waiter&) noexcept;

  explicit basic_waiter(notify_function function) noexcept : notify(function) {}

  typename Atomics::template plain<basic_waiter*> next{nullptr};
  const notify_function notify;
};

enum class claim_outcome { claimed, taken };
enum class install_outcome { installed, ready };
enum class uninstall_outcome {
  removed,  // nobody will notify this waiter
  ready     // the task is done: the notification has come or is coming, and must be awaited
};

template <class Atomics = standard_atomics>
class state_word {
 public:
  using waiter = basic_waiter<Atomics>;

  /// Asks for the right to run, or to cancel, the task.
  [[nodiscard]] claim_outcome claim() noexcept {
    // Relaxed: exclusive by being one read-modify-write. What the claimer reads it got with the pointer to the task.
    return (word_.fetch_or(claimed, std::memory_order_relaxed) & claimed) == 0 ? claim_outcome::claimed
                                                                              : claim_outcome::taken;
  }

  [[nodiscard]] bool is_claimed() const noexcept { return (word_.load(std::memory_order_relaxed) & claimed) != 0; }

  /// True when the result may be read.
  [[nodiscard]] bool is_ready() const noexcept {
    // [S1] acquire load, pairs with [S6] in finish(): whoever sees READY sees the result.
    return (word_.load(std::memory_order_acquire) & ready) != 0;
  }

  [[nodiscard]] install_outcome install(waiter& node) noexcept {
    for (;;) {
      std::uintptr_t old = word_.load(std::memory_order_acquire);  // [S1]
      if ((old & ready) != 0) return install_outcome::ready;
      if ((old & lock) != 0) {
        Atomics::pause();
        continue;
      }
      node.next = head(old);
      // [S2] release compare-and-swap, pairs with [S6] and [S4]: who takes the list sees node.next and the waiter.
      if (word_.compare_exchange_strong(old, address(&node) | (old & flags), std::memory_order_release,
                                        std::memory_order_relaxed))
        return install_outcome::installed;
    }
  }

  /// Takes `node` out again. The list is locked meanwhile: the one moment in which a finisher spins.
  [[nodiscard]] uninstall_outcome uninstall(waiter& node) noexcept {
    for (;;) {
      std::uintptr_t old = word_.load(std::memory_order_acquire);  // [S1]
      if ((old & ready) != 0) return uninstall_outcome::ready;
      if ((old & lock) != 0) {
        Atomics::pause();
        continue;
      }
      // [S4] acquire compare-and-swap, pairs with [S2]: the nodes of other waiters are read below.
      if (!word_.compare_exchange_strong(old, old | lock, std::memory_order_acquire, std::memory_order_relaxed))
        continue;
      unlink_and_unlock(head(old), node);
      return uninstall_outcome::removed;
    }
  }

  /// Publishes the result and returns the waiters, newest first, for notify_all(). Once, by the claimer, who must hold
  /// a reference: a waiter that sees READY may drop the last other one.
  [[nodiscard]] waiter* finish() noexcept {
    for (;;) {
      std::uintptr_t old = word_.load(std::memory_order_relaxed);
      if ((old & lock) != 0) {
        Atomics::pause();
        continue;
      }
      // [S6] acq_rel compare-and-swap. Release pairs with [S1]: the result is visible to who sees READY. Acquire pairs
      // with [S2] and [S5]: the finisher sees the nodes, as the last unlink left them.
      if (word_.compare_exchange_strong(old, ready | claimed, std::memory_order_acq_rel, std::memory_order_relaxed))
        return head(old);
    }
  }

  /// Makes a finished word as new. By who queues its task again, for which nobody has waited, or will; or by the only one who
  /// waits, who has seen READY.
  void reopen() noexcept {
    // Relaxed: what the next claimer reads it gets with the pointer to the task, or under the lock that the caller holds;
    // who waits again publishes it by child_count::begin_to_wait().
    word_.store(0, std::memory_order_relaxed);
  }

 private:
  static constexpr std::uintptr_t ready = 1;
  static constexpr std::uintptr_t lock = 2;
  static constexpr std::uintptr_t claimed = 4;
  static constexpr std::uintptr_t flags = ready | lock | claimed;
  static_assert(alignof(waiter) > flags);

  static std::uintptr_t address(waiter* node) noexcept { return reinterpret_cast<std::uintptr_t>(node); }
  static waiter* head(std::uintptr_t word) noexcept { return reinterpret_cast<waiter*>(word & ~flags); }

  void unlink_and_unlock(waiter* first, waiter& node) noexcept {
    waiter* new_first = first;
    if (first == &node) {
      new_first = node.next;
    } else {
      waiter* before = first;
      while (static_cast<waiter*>(before->next) != &node) before = before->next;
      before->next = static_cast<waiter*>(node.next);
    }
    // [S5] release xor, pairs with [S6] and the next [S4]. Not a store: that would erase a claim made meanwhile.
    (void)word_.fetch_xor((address(first) ^ address(new_first)) | lock, std::memory_order_release);
  }

  typename Atomics::template atomic<std::uintptr_t> word_{0};
};

/// Notifies each waiter of a list that finish() returned. A notified waiter's memory may be gone at once.
template <class Atomics>
void notify_all(basic_waiter<Atomics>* first) noexcept {
  while (first != nullptr) {
    basic_waiter<Atomics>* const node = first;
    first = node->next;  // read before the notification
    node->notify(*node);
  }
}

}  // namespace filch::inline v0_1::detail
