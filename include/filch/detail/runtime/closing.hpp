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

/// A mark with one holder at a time, which owns what lies behind it for as long: a producer token, a slab, counters.
template <class Atomics = standard_atomics>
class submission_mark {
 public:
  [[nodiscard]] lease_outcome try_lease() noexcept {
    // [G1] seq_cst exchange, pairs with [G4]: the mark is up before `closed` is read. Its acquire half pairs with
    // [G2]: this holder sees what the last one did behind the mark.
    if (busy_.load(std::memory_order_relaxed) != 0) return lease_outcome::busy;
    return busy_.exchange(1, std::memory_order_seq_cst) == 0 ? lease_outcome::leased : lease_outcome::busy;
  }

  void release() noexcept { busy_.store(0, std::memory_order_release); }  // [G2] release, pairs with [G1] and [G4]

  /// The closer, after close(): waits until the holder, if any, has left.
  void wait_until_free() const noexcept {
    while (busy_.load(std::memory_order_seq_cst) != 0) Atomics::pause();  // [G4] seq_cst load, pairs with [G1]
  }

 private:
  typename Atomics::template atomic<std::uint32_t> busy_{0};
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
