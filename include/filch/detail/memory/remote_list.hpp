// The way home of a block that another thread frees: a stack with many pushers, whose owner takes all at once.
//
// An owner that goes to sleep while much is out has the list *watched*: whoever pushes counts, and is told when as many are
// home as the owner wished. The mark for it lies in the head, where no pusher can miss it.
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

/// The first word of a free block; aligned to four bytes at least, for the marks in the head.
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

  /// Any thread: gives a block back. Calls `on_due` before the block goes, if it is the one that a watching owner waits
  /// for. The memory of the list may be gone afterwards.
  template <class OnDue>
  [[nodiscard]] return_outcome push(block& freed, OnDue&& on_due) noexcept {
    // [M5] acquire, here and where the compare-and-swap fails, pairs with [M4]: who sees the mark counts by the new count.
    std::uintptr_t old = head_.load(std::memory_order_acquire);
    bool counted = false;
    while (old != orphan_mark) {
      if ((old & watch_mark) != 0 && !counted) {
        counted = true;
        if (left_.fetch_sub(1, std::memory_order_relaxed) == 1) on_due();
      }
      freed.next = block_in(old);
      // [M1] release, pairs with [M2]: the owner sees the link and the last use of the block.
      if (head_.compare_exchange_strong(old, reinterpret_cast<std::uintptr_t>(&freed) | (old & watch_mark),
                                        std::memory_order_release, std::memory_order_acquire))
        return return_outcome::returned;
    }
    // [M3] acq_rel, pairs with itself in the other blocks' pushes and in orphan(): who deletes sees every last use.
    return out_.fetch_sub(1, std::memory_order_acq_rel) == 1 ? return_outcome::last_block : return_outcome::orphaned;
  }

  /// The owner: all blocks that came home since the last call, newest first.
  [[nodiscard]] block* take_all() noexcept {
    if (!has_blocks()) return nullptr;
    return block_in(head_.exchange(mark_, std::memory_order_acquire));  // [M2]
  }

  /// The owner, before it sleeps: takes all, and has all counted that come home from here on. call_when() or
  /// stop_watching() follows.
  [[nodiscard]] block* take_all_and_watch() noexcept {
    left_.store(nobody_waits, std::memory_order_relaxed);
    mark_ = watch_mark;
    // [M2]; and [M4] its release half, pairs with [M5]: the count begins before the mark is seen.
    return block_in(head_.exchange(watch_mark, std::memory_order_acq_rel));
  }

  /// The owner: one pusher is told when so many have been counted since take_all_and_watch(). False when they have been by
  /// now, and nobody is.
  [[nodiscard]] bool call_when(std::uint64_t counted) noexcept {
    const std::int64_t change = nobody_waits - static_cast<std::int64_t>(counted);
    return left_.fetch_sub(change, std::memory_order_relaxed) > change;
  }

  /// The owner: nobody counts any more.
  void stop_watching() noexcept {
    mark_ = 0;
    (void)head_.fetch_and(~watch_mark, std::memory_order_relaxed);
    left_.store(nobody_waits, std::memory_order_relaxed);
  }

  /// Whether as many are counted as the owner waits for. Any thread; may be old.
  [[nodiscard]] bool is_due() const noexcept { return left_.load(std::memory_order_relaxed) <= 0; }

  /// The owner, once, as the first of two steps: closes the list, and returns what lay in it.
  [[nodiscard]] block* close() noexcept {
    return block_in(head_.exchange(orphan_mark, std::memory_order_acquire));  // [M2]
  }

  /// The second step: `blocks_out` blocks had not come home when the list was closed.
  [[nodiscard]] orphan_outcome orphan(std::uint64_t blocks_out) noexcept {
    const std::uint64_t share = owner_share - blocks_out;
    return out_.fetch_sub(share, std::memory_order_acq_rel) == share ? orphan_outcome::all_home  // [M3]
                                                                      : orphan_outcome::blocks_out;
  }

  /// Whether a block waits to be taken; a hint that may be old.
  [[nodiscard]] bool has_blocks() const noexcept { return block_in(head_.load(std::memory_order_relaxed)) != nullptr; }

 private:
  static constexpr std::uintptr_t orphan_mark = 1;  // alone in the head, for ever
  static constexpr std::uintptr_t watch_mark = 2;   // beside the newest block, or beside none
  static constexpr std::int64_t nobody_waits = std::int64_t{1} << 62;
  // Blocks that come home between close() and orphan() are subtracted from this, so that the count cannot reach zero
  // before the owner has given up its share.
  static constexpr std::uint64_t owner_share = std::uint64_t{1} << 62;

  static block* block_in(std::uintptr_t head) noexcept {
    return reinterpret_cast<block*>(head & ~(orphan_mark | watch_mark));
  }

  typename Atomics::template atomic<std::uintptr_t> head_{0};
  typename Atomics::template atomic<std::int64_t> left_{nobody_waits};  // to be counted until somebody is told
  typename Atomics::template atomic<std::uint64_t> out_{owner_share};
  typename Atomics::template plain<std::uintptr_t> mark_{0};  // the owner's: what it leaves in the head
};

}  // namespace filch::inline v0_1::detail
