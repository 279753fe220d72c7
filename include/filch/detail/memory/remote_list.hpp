// The way home of a block that another thread frees: a stack with many pushers, whose owner takes all at once.
//
// When the owner goes away for good, it orphans the list: from then on each free is counted instead, and whoever
// brings the count to zero, the owner or the last block, may delete the memory. There is no pop of one block, so that
// the stack has no ABA.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/cache_line.hpp>

namespace filch::inline v0_1::detail {

/// The first word of a free block.
template <class Atomics>
struct basic_free_block {
  typename Atomics::template plain<basic_free_block*> next;
};

enum class return_outcome {
  returned,   // the owner will find it
  orphaned,   // there is no owner any more; other blocks are still out
  last_block  // there is no owner any more, and this was the last block: the caller deletes the slab
};
enum class orphan_outcome { blocks_out, all_home };

template <class Atomics = standard_atomics>
class remote_list {
 public:
  using block = basic_free_block<Atomics>;

  /// Any thread: gives a block back. After `orphaned` the memory of the list may be gone.
  [[nodiscard]] return_outcome push(block& freed) noexcept {
    std::uintptr_t old = head_.load(std::memory_order_relaxed);
    while (old != orphan_mark) {
      freed.next = reinterpret_cast<block*>(old);
      // [M1] release compare-and-swap, pairs with [M2]: the owner sees the link and the last use of the block.
      if (head_.compare_exchange_strong(old, reinterpret_cast<std::uintptr_t>(&freed), std::memory_order_release,
                                        std::memory_order_relaxed))
        return return_outcome::returned;
    }
    // [M3] acq_rel, pairs with itself in the other blocks' pushes and in orphan(): who deletes sees every last use.
    return out_.fetch_sub(1, std::memory_order_acq_rel) == 1 ? return_outcome::last_block : return_outcome::orphaned;
  }

  /// The owner: all blocks that came home since the last call, newest first.
  [[nodiscard]] block* take_all() noexcept {
    if (head_.load(std::memory_order_relaxed) == 0) return nullptr;
    return reinterpret_cast<block*>(head_.exchange(0, std::memory_order_acquire));  // [M2]
  }

  /// The owner, once, as the first of two steps: closes the list, and returns what lay in it.
  [[nodiscard]] block* close() noexcept {
    return reinterpret_cast<block*>(head_.exchange(orphan_mark, std::memory_order_acquire));  // [M2]
  }

  /// The second step: `blocks_out` blocks had not come home when the list was closed.
  [[nodiscard]] orphan_outcome orphan(std::uint64_t blocks_out) noexcept {
    const std::uint64_t share = owner_share - blocks_out;
    return out_.fetch_sub(share, std::memory_order_acq_rel) == share ? orphan_outcome::all_home  // [M3]
                                                                      : orphan_outcome::blocks_out;
  }

  /// Whether a block waits to be taken; a hint that may be old.
  [[nodiscard]] bool has_blocks() const noexcept { return head_.load(std::memory_order_relaxed) > orphan_mark; }

 private:
  static constexpr std::uintptr_t orphan_mark = 1;
  // Blocks that come home between close() and orphan() are subtracted from this, so that the count cannot reach zero
  // before the owner has given up its share.
  static constexpr std::uint64_t owner_share = std::uint64_t{1} << 62;

  typename Atomics::template atomic<std::uintptr_t> head_{0};
  typename Atomics::template atomic<std::uint64_t> out_{owner_share};
};

}  // namespace filch::inline v0_1::detail
