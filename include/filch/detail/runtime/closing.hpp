// How a pool stops taking work from outside without losing a submission that is under way. The proof is in
// src/runtime/README.md.
//
// A submitter holds a mark while it checks and enqueues; the closer sets the flag and then waits until each mark has
// been seen free once. So a submission either is complete when the closer goes on, or sees the flag and is refused.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>

namespace filch::inline v0_1::detail {

enum class lease_outcome { leased, busy };

/// A mark with one holder at a time, which owns what lies behind it for as long: a producer token, a slab, counters. Who
/// finds it held may leave a call, for a holder that listens when it goes.
template <class Atomics = standard_atomics>
class submission_mark {
 public:
  [[nodiscard]] lease_outcome try_lease() noexcept {
    // [G1] seq_cst, here and in lease_or_call(), pairs with [G4]: the mark is up before `closed` is read. Its acquire half
    // pairs with [G2]: this holder sees what the last one did behind the mark.
    std::uint32_t seen = free;
    if (busy_.load(std::memory_order_relaxed) != free) return lease_outcome::busy;
    return busy_.compare_exchange_strong(seen, held, std::memory_order_seq_cst, std::memory_order_relaxed)
               ? lease_outcome::leased
               : lease_outcome::busy;
  }

  /// Leases it, or else leaves a call: a holder that goes by release_unless_called() sees what the caller has done.
  [[nodiscard]] lease_outcome lease_or_call() noexcept {
    std::uint32_t seen = busy_.load(std::memory_order_relaxed);
    // [G9] the release half of the seq_cst compare-and-swap pairs with [G8], also where somebody has called before.
    while (!busy_.compare_exchange_strong(seen, seen == free ? held : called, std::memory_order_seq_cst,
                                          std::memory_order_relaxed)) {
    }
    return seen == free ? lease_outcome::leased : lease_outcome::busy;
  }

  /// The holder, deaf to calls.
  void release() noexcept { busy_.store(free, std::memory_order_release); }  // [G2] release, pairs with [G1] and [G4]

  /// The holder: false if it was called since the lease or the last such answer; then it is the holder still.
  [[nodiscard]] bool release_unless_called() noexcept {
    std::uint32_t seen = held;
    if (busy_.compare_exchange_strong(seen, free, std::memory_order_release, std::memory_order_relaxed)) return true;  // [G2]
    (void)busy_.exchange(held, std::memory_order_acquire);  // [G8] acquire, pairs with [G9] of everybody who has called by now
    return false;
  }

  /// The closer, after close(): waits until the holder, if any, has left.
  void wait_until_free() const noexcept {
    while (busy_.load(std::memory_order_seq_cst) != free) Atomics::pause();  // [G4] seq_cst load, pairs with [G1]
  }

 private:
  static constexpr std::uint32_t free = 0;
  static constexpr std::uint32_t held = 1;
  static constexpr std::uint32_t called = 2;  // held, and called

  typename Atomics::template atomic<std::uint32_t> busy_{free};
};

template <class Atomics = standard_atomics>
class closing_flag {
 public:
  /// Read by a submitter that holds its mark.
  [[nodiscard]] bool is_closed() const noexcept {
    return closed_.load(std::memory_order_seq_cst) != 0;  // [G3] seq_cst load, pairs with [G5]
  }

  void close() noexcept { closed_.store(1, std::memory_order_seq_cst); }  // [G5] before the marks are read

 private:
  typename Atomics::template atomic<std::uint32_t> closed_{0};
};

}  // namespace filch::inline v0_1::detail
