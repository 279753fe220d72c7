// The deque of one worker: its owner pushes and pops at the bottom, any thief steals at the top.
//
// Chase and Lev, "Dynamic circular work-stealing deque", SPAA 2005; memory orders after Le, Pop, Cohen and Zappella
// Nardelli, "Correct and efficient work-stealing for weak memory models", PPoPP 2013, with sequentially consistent
// operations in place of fences. The ring does not grow: when it is full, the owner takes the oldest half out with
// spill() and hands it to the injection queue.
//
//   top ----> oldest ... newest <---- bottom          an index is taken when top has passed it
//
// Invariant: an item leaves by exactly one of pop, steal and spill. Whoever takes the item at index i either moved
// top from i past it by compare-and-swap, or is the owner and, after it had lowered bottom to i, saw top < i in the total
// order of the sequentially consistent operations: then no thief can reach i any more.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/cache_line.hpp>
#include <filch/detail/base/checked_build.hpp>

namespace filch::inline v0_1::detail {

enum class steal_outcome {
  success,  // the item is the thief's
  empty,    // there was nothing to take
  lost      // somebody else took the oldest item meanwhile: there may be more
};

template <class T>
struct steal_result {
  steal_outcome outcome;
  T* item;
};

template <class T, class Atomics>
class deque_owner;
template <class T, class Atomics>
class deque_thief;

/// The memory of one deque. It has no operations: make one deque_owner of it, and as many deque_thief as you like.
/// `slots` are `capacity` value-initialised atomics that outlive the ring; `capacity` is a power of two. Indices start
/// at `first_index` and wrap around.
template <class T, class Atomics = standard_atomics>
class deque_ring {
 public:
  using slot = typename Atomics::template atomic<T*>;

  deque_ring(slot* slots, std::size_t capacity, std::uint64_t first_index = 0) noexcept
      : top_(first_index), bottom_(first_index), slots_(slots), mask_(capacity - 1) {}

  deque_ring(const deque_ring&) = delete;
  deque_ring& operator=(const deque_ring&) = delete;

 private:
  friend class deque_owner<T, Atomics>;
  friend class deque_thief<T, Atomics>;

  // Indices wrap, so two of them are compared by their signed difference.
  static std::int64_t distance(std::uint64_t from, std::uint64_t to) noexcept {
    return static_cast<std::int64_t>(to - from);
  }
  slot& at(std::uint64_t index) noexcept { return slots_[static_cast<std::size_t>(index) & mask_]; }

  // The owner, in a checked build: the item at an index is its own, so whoever still takes what lies there takes it twice. A
  // thief that has read the index before may read this, but not move top any more.
  void bury(std::uint64_t index) noexcept {
    if constexpr (checked_build) at(index).store(buried<T>(), std::memory_order_relaxed);
  }
  static void confirm_alive(const T* item) noexcept {
    confirm(item != nullptr && item != buried<T>(), "an item of a deque was taken twice, or never put there");
  }

  alignas(cache_line) typename Atomics::template atomic<std::uint64_t> top_;
  alignas(cache_line) typename Atomics::template atomic<std::uint64_t> bottom_;
  slot* const slots_;
  const std::size_t mask_;
};

/// The owner's end. Exactly one thread may use it at a time. Every operation is lock-free and takes constant time,
/// spill() time linear in what it takes.
template <class T, class Atomics = standard_atomics>
class deque_owner {
 public:
  explicit deque_owner(deque_ring<T, Atomics>& ring) noexcept
      : ring_(ring), known_top_(ring.top_.load(std::memory_order_relaxed)) {}

  [[nodiscard]] std::size_t capacity() const noexcept { return ring_.mask_ + 1; }

  /// How many items push() will surely take before it answers false.
  [[nodiscard]] std::size_t room() noexcept {
    return room_above(ring_.bottom_.load(std::memory_order_relaxed), capacity());
  }

  /// Adds an item at the bottom. False when the ring is full: nothing has changed then.
  [[nodiscard]] bool push(T* item) noexcept { return push(&item, 1); }

  /// Adds `count` items, the last of them newest, with one store of bottom. False when they do not all fit: nothing
  /// has changed then.
  [[nodiscard]] bool push(T* const* items, std::size_t count) noexcept {
    const std::uint64_t bottom = ring_.bottom_.load(std::memory_order_relaxed);
    if (room_above(bottom, count) < count) return false;
    for (std::size_t i = 0; i != count; ++i) {
      ring_.confirm_alive(items[i]);
      ring_.at(bottom + i).store(items[i], std::memory_order_relaxed);
    }
    // [D2] release store, pairs with [D6] in steal(): who sees the new bottom sees the slots and what they point to. The wake
    // handshake is idle_protocol::work_pushed().
    ring_.bottom_.store(bottom + count, std::memory_order_release);
    return true;
  }

  /// Takes the newest item, or nullptr when there is none.
  [[nodiscard]] T* pop() noexcept {
    const std::uint64_t old_bottom = ring_.bottom_.load(std::memory_order_relaxed);
    // An old value of top is too small, never too large, so this finds some empty deques early and no full one.
    if (deque_ring<T, Atomics>::distance(ring_.top_.load(std::memory_order_relaxed), old_bottom) <= 0)
      return nullptr;
    const std::uint64_t bottom = old_bottom - 1;
    // [D3] seq_cst store, then [D4] seq_cst load; pair with [D5], [D6] in steal(). Either the thief sees the lowered
    // bottom and stays away, or the owner sees the thief's top. Weaker, both take the same item.
    ring_.bottom_.store(bottom, std::memory_order_seq_cst);
    std::uint64_t top = ring_.top_.load(std::memory_order_seq_cst);  // [D4]
    const std::int64_t left = deque_ring<T, Atomics>::distance(top, bottom);
    if (left > 0) return take_own(bottom);
    T* item = nullptr;
    if (left == 0 && take_last(top)) item = take_own(bottom);
    // [D8] release store, pairs with [D6]: a later thief that reads this bottom must see the slots of the pushes
    // before it; C++20 lets a relaxed store of the same thread end the release sequence of [D2].
    ring_.bottom_.store(old_bottom, std::memory_order_release);
    return item;
  }

  /// Takes the newest item if it is `wanted`. An empty deque may still have an old pointer in its slot: pop() decides.
  [[nodiscard]] bool pop_if_newest(const T* wanted) noexcept {
    const std::uint64_t bottom = ring_.bottom_.load(std::memory_order_relaxed);
    return ring_.at(bottom - 1).load(std::memory_order_relaxed) == wanted && pop() == wanted;
  }

  /// Moves up to `count` of the oldest items to `items`, oldest first, with one compare-and-swap, and answers how many:
  /// 0 when a thief was faster or the ring is empty.
  [[nodiscard]] std::size_t spill(T** items, std::size_t count) noexcept {
    std::uint64_t top = ring_.top_.load(std::memory_order_relaxed);  // an old value makes the compare-and-swap fail
    const std::uint64_t bottom = ring_.bottom_.load(std::memory_order_relaxed);
    const std::int64_t size = deque_ring<T, Atomics>::distance(top, bottom);
    if (size <= 0) return 0;
    if (static_cast<std::uint64_t>(size) < count) count = static_cast<std::size_t>(size);
    for (std::size_t i = 0; i != count; ++i) items[i] = ring_.at(top + i).load(std::memory_order_relaxed);
    // [D9] seq_cst compare-and-swap, one of the takers of [D7]; its acquire half stands for [D1], since known_top_ follows.
    // Only the owner may take several: nobody else can lower bottom into them meanwhile.
    if (!ring_.top_.compare_exchange_strong(top, top + count, std::memory_order_seq_cst,
                                            std::memory_order_relaxed))
      return 0;
    for (std::size_t i = 0; i != count; ++i) {
      ring_.confirm_alive(items[i]);
      ring_.bury(top + i);
    }
    known_top_ = top + count;
    return count;
  }

 private:
  // Reads top only when the last value read leaves too little room.
  std::size_t room_above(std::uint64_t bottom, std::size_t wanted) noexcept {
    const auto room = [&] { return capacity() - static_cast<std::size_t>(bottom - known_top_); };
    // [D1] acquire load, pairs with the compare-and-swap [D7] of the thief that moved top: it read its slot before, so
    // the slot may be written again.
    if (room() < wanted) known_top_ = ring_.top_.load(std::memory_order_acquire);
    return room();
  }

  bool take_last(std::uint64_t top) noexcept {
    // [D7] seq_cst compare-and-swap, pairs with the one in steal(): one of the two takes the last item.
    return ring_.top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed);
  }

  // The item at an index that no thief can reach any more.
  T* take_own(std::uint64_t index) noexcept {
    T* const item = ring_.at(index).load(std::memory_order_relaxed);
    ring_.confirm_alive(item);
    ring_.bury(index);
    return item;
  }

  deque_ring<T, Atomics>& ring_;
  std::uint64_t known_top_;  // at most top, so that an idle ring's line stays with its thieves
};

/// A thief's end. Any number of threads may use it, the owner among them. Lock-free, constant time.
template <class T, class Atomics = standard_atomics>
class deque_thief {
 public:
  explicit deque_thief(deque_ring<T, Atomics>& ring) noexcept : ring_(ring) {}

  /// Takes the oldest item.
  [[nodiscard]] steal_result<T> steal() noexcept {
    // [D5] seq_cst load, then [D6] seq_cst load; pair with [D3], [D4] in pop() and with [D2] in push().
    std::uint64_t top = ring_.top_.load(std::memory_order_seq_cst);
    const std::uint64_t bottom = ring_.bottom_.load(std::memory_order_seq_cst);  // [D6]
    if (deque_ring<T, Atomics>::distance(top, bottom) <= 0) return {steal_outcome::empty, nullptr};
    // Read before the compare-and-swap: after it the owner may already have written the slot again.
    T* item = ring_.at(top).load(std::memory_order_relaxed);
    // [D7] seq_cst compare-and-swap, pairs with those of the other thieves, of pop() and of spill().
    if (!ring_.top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
      return {steal_outcome::lost, nullptr};
    ring_.confirm_alive(item);
    return {steal_outcome::success, item};
  }

  /// True when an item that was pushed before a full fence of the caller is still there; may be true a moment longer.
  [[nodiscard]] bool has_work() const noexcept {
    // While such an item is there, no value of top has passed it: whichever is read does.
    const std::uint64_t top = ring_.top_.load(std::memory_order_relaxed);
    // [D11] seq_cst load, after the caller's heavy or full fence [I2] [I4]; the pusher has its fence [I12] [I8] after [D2]:
    // either this look sees the push, or who pushed sees the bit in the idle word. Weaker, a worker parks beside a queued task.
    return deque_ring<T, Atomics>::distance(top, ring_.bottom_.load(std::memory_order_seq_cst)) > 0;
  }

  /// How many items there are; may be old.
  [[nodiscard]] std::size_t size_estimate() const noexcept {
    const std::uint64_t top = ring_.top_.load(std::memory_order_relaxed);
    const std::int64_t size = deque_ring<T, Atomics>::distance(top, ring_.bottom_.load(std::memory_order_relaxed));
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }

 private:
  deque_ring<T, Atomics>& ring_;
};

}  // namespace filch::inline v0_1::detail
