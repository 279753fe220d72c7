// The deque of one worker: its owner pushes and pops at the bottom, any thief steals at the top.
//
// Chase and Lev, "Dynamic circular work-stealing deque", SPAA 2005; memory orders after Le, Pop, Cohen and Zappella
// Nardelli, "Correct and efficient work-stealing for weak memory models", PPoPP 2013, with sequentially consistent
// operations in place of fences. The ring does not grow: when it is full, the owner takes the oldest half out with
// spill() and hands it to the injection queue.
//
//   top ----> oldest ... newest <---- bottom          an index is taken when top has passed it
//
// While nobody steals, the deque is *biased* to its owner, who then pops without a fence. The first thief takes the bias away,
// with a heavy fence, and those after it steal as ever; the owner takes it back after many pops that no thief has disturbed.
// The steps and the proof are in src/queue/README.md.
//
// Invariant: an item leaves by exactly one of pop, steal and spill. Whoever takes the item at index i either moved
// top from i past it by compare-and-swap, or is the owner and, after it had lowered bottom to i, saw top < i in the total
// order of the sequentially consistent operations, or saw the bias: then no thief can reach i any more.
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

/// Who may take what from a deque; in the lowest bits of top.
enum class deque_mode : std::uint64_t {
  shared,  // thieves steal, and the owner's pop has a fence
  biased,  // the owner pops without one, and nobody steals
  revoked  // a thief asks for the bias: the owner's pop has a fence, and nobody steals yet
};

/// The top of a deque: [ stamp : 62 | mode : 2 ]. The low bits of the stamp are the index of the oldest item; it grows with
/// each theft and spill, and by a whole round of indices when the owner takes the bias. So no word ever comes back, and a
/// compare-and-swap from an old one fails.
class deque_top {
 public:
  /// An index is known to so many bits; a ring holds at most a quarter of what they can tell apart.
  static constexpr unsigned index_bits = 22;

  constexpr explicit deque_top(std::uint64_t word) noexcept : word_(word) {}
  static constexpr deque_top at(std::uint64_t index) noexcept { return deque_top(index << mode_bits); }

  [[nodiscard]] constexpr std::uint64_t word() const noexcept { return word_; }
  [[nodiscard]] constexpr std::uint64_t index() const noexcept { return word_ >> mode_bits; }
  [[nodiscard]] constexpr deque_mode mode() const noexcept { return static_cast<deque_mode>(word_ & mode_mask); }

  /// How many items there are up to `bottom`, or -1. Wraps around with the indices.
  [[nodiscard]] constexpr std::int64_t distance_to(std::uint64_t bottom) const noexcept {
    return static_cast<std::int64_t>((bottom - index()) << (64 - index_bits)) >> (64 - index_bits);
  }

  [[nodiscard]] constexpr deque_top in(deque_mode mode) const noexcept {
    return deque_top((word_ & ~mode_mask) | static_cast<std::uint64_t>(mode));
  }
  [[nodiscard]] constexpr deque_top past(std::uint64_t items) const noexcept { return deque_top(word_ + (items << mode_bits)); }
  [[nodiscard]] constexpr deque_top a_round_later() const noexcept { return past(std::uint64_t{1} << index_bits); }

 private:
  static constexpr unsigned mode_bits = 2;
  static constexpr std::uint64_t mode_mask = 3;
  std::uint64_t word_;
};

/// The memory of one deque. It has no operations: make one deque_owner of it, and as many deque_thief as you like.
/// `slots` are `capacity` value-initialised atomics that outlive the ring; `capacity` is a power of two up to `most_slots`.
/// Indices start at `first_index` and wrap around.
template <class T, class Atomics = standard_atomics>
class deque_ring {
 public:
  using slot = typename Atomics::template atomic<T*>;
  static constexpr std::size_t most_slots = std::size_t{1} << (deque_top::index_bits - 2);

  deque_ring(slot* slots, std::size_t capacity, std::uint64_t first_index = 0) noexcept
      : top_(deque_top::at(first_index).word()), bottom_(first_index), slots_(slots), mask_(capacity - 1) {}

  deque_ring(const deque_ring&) = delete;
  deque_ring& operator=(const deque_ring&) = delete;

 private:
  friend class deque_owner<T, Atomics>;
  friend class deque_thief<T, Atomics>;

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
  /// Takes the bias after so many pops in a row during which nobody has stolen; never if it is 0. Not 0 only where fences are
  /// asymmetric.
  explicit deque_owner(deque_ring<T, Atomics>& ring, unsigned calm_pops = 0) noexcept
      : ring_(ring),
        oldest_(ring.bottom_.load(std::memory_order_relaxed)),
        full_at_(oldest_ + capacity()),
        calm_pops_(calm_pops) {}

  [[nodiscard]] std::size_t capacity() const noexcept { return ring_.mask_ + 1; }

  /// How many items push() will surely take before it answers false.
  [[nodiscard]] std::size_t room() noexcept {
    return room_above(ring_.bottom_.load(std::memory_order_relaxed), capacity());
  }

  /// The index that the next item gets.
  [[nodiscard]] std::uint64_t next_index() const noexcept { return ring_.bottom_.load(std::memory_order_relaxed); }

  /// Adds an item at the bottom. False when the ring is full: nothing has changed then.
  [[nodiscard]] bool push(T* item) noexcept { return push(&item, 1); }

  /// Adds `count` items, the last of them newest, with one store of bottom. False when they do not all fit: nothing
  /// has changed then.
  [[nodiscard]] bool push(T* const* items, std::size_t count) noexcept {
    const std::uint64_t bottom = ring_.bottom_.load(std::memory_order_relaxed);
    if (full_at_ - bottom < count && room_above(bottom, count) < count) return false;
    for (std::size_t i = 0; i != count; ++i) {
      ring_.confirm_alive(items[i]);
      ring_.at(bottom + i).store(items[i], std::memory_order_relaxed);
    }
    // [D2] release store, pairs with [D6] in steal_if(): who sees the new bottom sees the slots and what they point to. The
    // wake handshake is idle_protocol::work_pushed().
    ring_.bottom_.store(bottom + count, std::memory_order_release);
    return true;
  }

  /// Takes the newest item, or nullptr when there is none.
  [[nodiscard, gnu::always_inline]] T* pop() noexcept {
    const std::uint64_t old_bottom = ring_.bottom_.load(std::memory_order_relaxed);
    // While the bias lasts, oldest_ is what it says: only the owner moves top.
    if (!has_bias_) return pop_without_bias(old_bottom);
    if (oldest_ == old_bottom) return nullptr;
    if (lowers_bottom_in_peace(old_bottom - 1)) [[likely]]
      return take_own(old_bottom - 1);
    return pop_after_bias(old_bottom);
  }

  /// Takes the newest item if it is `wanted`. An empty deque may still have an old pointer in its slot: pop() decides.
  [[nodiscard]] bool pop_if_newest(const T* wanted) noexcept {
    const std::uint64_t bottom = ring_.bottom_.load(std::memory_order_relaxed);
    return ring_.at(bottom - 1).load(std::memory_order_relaxed) == wanted && pop() == wanted;
  }

  /// Moves up to `count` of the oldest items to `items`, oldest first, with one compare-and-swap, and answers how many:
  /// 0 when a thief was faster or the ring is empty.
  [[nodiscard]] std::size_t spill(T** items, std::size_t count) noexcept {
    return spill_if(items, count, [](const T*) { return true; });
  }

  /// The same up to the first item that is not `accept(item)`.
  template <class Accept>
  [[nodiscard]] std::size_t spill_if(T** items, std::size_t count, Accept&& accept) noexcept {
    const deque_top top(ring_.top_.load(std::memory_order_relaxed));  // an old value makes the compare-and-swap fail
    const std::uint64_t bottom = ring_.bottom_.load(std::memory_order_relaxed);
    const std::int64_t size = top.distance_to(bottom);
    if (size <= 0) return 0;
    if (static_cast<std::uint64_t>(size) < count) count = static_cast<std::size_t>(size);
    std::size_t taken = 0;
    for (; taken != count; ++taken) {
      items[taken] = ring_.at(top.index() + taken).load(std::memory_order_relaxed);
      if (!accept(static_cast<const T*>(items[taken]))) break;
    }
    if (taken == 0) return 0;
    // [D9] seq_cst compare-and-swap, one of the takers of [D7]; its acquire half stands for [D1], since oldest_ follows.
    // Only the owner may take several: nobody else can lower bottom into them meanwhile. The mode stays.
    std::uint64_t expected = top.word();
    if (!ring_.top_.compare_exchange_strong(expected, top.past(taken).word(), std::memory_order_seq_cst,
                                            std::memory_order_relaxed))
      return 0;
    for (std::size_t i = 0; i != taken; ++i) {
      ring_.confirm_alive(items[i]);
      ring_.bury(top.index() + i);
    }
    note_top(top.past(taken), bottom);
    return taken;
  }

 private:
  // Reads top only when the last value read leaves too little room.
  std::size_t room_above(std::uint64_t bottom, std::size_t wanted) noexcept {
    const auto room = [&] { return static_cast<std::size_t>(full_at_ - bottom); };
    // [D1] acquire load, pairs with the compare-and-swap [D7] of the thief that moved top: it read its slot before, so
    // the slot may be written again.
    if (room() < wanted) note_top(deque_top(ring_.top_.load(std::memory_order_acquire)), bottom);
    return room();
  }

  void note_top(deque_top top, std::uint64_t bottom) noexcept {
    oldest_ = bottom - static_cast<std::uint64_t>(top.distance_to(bottom));
    full_at_ = oldest_ + capacity();
  }

  // Whether the bias is still there afterwards: then the item at `bottom` is the owner's.
  bool lowers_bottom_in_peace(std::uint64_t bottom) noexcept {
    // [D10] release store, as [D8]; then [D12] light fence, pairs with the heavy one [D13] of who takes the bias away. Either
    // that thief sees the lowered bottom, or the owner sees that its bias is gone.
    ring_.bottom_.store(bottom, std::memory_order_release);
    Atomics::light_fence_where_asymmetric();  // [D12]
    return deque_top(ring_.top_.load(std::memory_order_relaxed)).mode() == deque_mode::biased;
  }

  [[gnu::noinline]] T* pop_without_bias(std::uint64_t old_bottom) noexcept {
    // An old value of top is too small, never too large, so this finds some empty deques early and no full one.
    if (deque_top(ring_.top_.load(std::memory_order_relaxed)).distance_to(old_bottom) <= 0) return nullptr;
    return pop_among_thieves(old_bottom);
  }

  // Bottom is lowered already.
  [[gnu::noinline]] T* pop_after_bias(std::uint64_t old_bottom) noexcept {
    has_bias_ = false;
    return pop_among_thieves(old_bottom);
  }

  T* pop_among_thieves(std::uint64_t old_bottom) noexcept {
    const std::uint64_t bottom = old_bottom - 1;
    // [D3] seq_cst store, then [D4] seq_cst load; pair with [D5], [D6] in steal_if(). Either the thief sees the lowered
    // bottom and stays away, or the owner sees the thief's top. Weaker, both take the same item.
    ring_.bottom_.store(bottom, std::memory_order_seq_cst);
    const deque_top top(ring_.top_.load(std::memory_order_seq_cst));  // [D4]
    const std::int64_t left = top.distance_to(bottom);
    if (left > 0) {
      note_pop(top, 0, bottom);
      return take_own(bottom);
    }
    T* item = nullptr;
    if (left == 0 && take_last(top)) {
      note_pop(top, 1, old_bottom);
      item = take_own(bottom);
    }
    // [D8] release store, pairs with [D6]: a later thief that reads this bottom must see the slots of the pushes
    // before it; C++20 lets a relaxed store of the same thread end the release sequence of [D2].
    ring_.bottom_.store(old_bottom, std::memory_order_release);
    return item;
  }

  bool take_last(deque_top top) noexcept {
    // [D7] seq_cst compare-and-swap, pairs with the one in steal_from(): one of the two takes the last item. The mode stays; it
    // may have become shared since the look, which is no theft.
    std::uint64_t seen = top.word();
    while (deque_top(seen).index() == top.index())
      if (ring_.top_.compare_exchange_strong(seen, deque_top(seen).past(1).word(), std::memory_order_seq_cst,
                                             std::memory_order_relaxed))
        return true;
    return false;
  }

  // The item at an index that no thief can reach any more.
  T* take_own(std::uint64_t index) noexcept {
    T* const item = ring_.at(index).load(std::memory_order_relaxed);
    ring_.confirm_alive(item);
    ring_.bury(index);
    return item;
  }

  // A pop found top where it says and moved it by so many. If it is where the last one left it, nobody has stolen in between.
  void note_pop(deque_top found, std::uint64_t moved, std::uint64_t bottom) noexcept {
    calm_for_ = found.index() == calm_since_ ? calm_for_ + 1 : 0;
    calm_since_ = found.past(moved).index();
    if (calm_for_ >= calm_pops_ && calm_pops_ != 0) take_bias(found.past(moved), bottom);
  }

  // Whoever has read the word of before cannot move it any more. It may say revoked still, by a thief that found nothing
  // afterwards.
  void take_bias(deque_top top, std::uint64_t bottom) noexcept {
    const deque_top biased = top.a_round_later().in(deque_mode::biased);
    if (!moves_top(top.in(deque_mode::shared), biased) && !moves_top(top.in(deque_mode::revoked), biased)) return;
    note_top(biased, bottom);
    calm_for_ = 0;
    has_bias_ = true;
  }

  bool moves_top(deque_top from, deque_top to) noexcept {
    std::uint64_t expected = from.word();
    return ring_.top_.compare_exchange_strong(expected, to.word(), std::memory_order_relaxed, std::memory_order_relaxed);
  }

  deque_ring<T, Atomics>& ring_;
  std::uint64_t oldest_;  // its index, as bottom counts, or a smaller one, so that an idle ring's line stays with its thieves
  std::uint64_t full_at_;
  std::uint64_t calm_since_ = 0;
  const unsigned calm_pops_;
  unsigned calm_for_ = 0;
  bool has_bias_ = false;  // unless a thief has taken it away since
};

/// A thief's end. Any number of threads may use it, the owner among them. Lock-free; who is first to take from a biased deque
/// pays for a heavy fence.
template <class T, class Atomics = standard_atomics>
class deque_thief {
 public:
  explicit deque_thief(deque_ring<T, Atomics>& ring) noexcept : ring_(ring) {}

  /// Takes the oldest item.
  [[nodiscard]] steal_result<T> steal() noexcept {
    return steal_if([](const T*) { return true; });
  }

  /// Takes the oldest item if `accept(item)`; says that there is none if not. The item may have gone by then, so that `accept`
  /// must not follow the pointer; if it has, the item is not taken. What `accept` reads, it reads while the item is there.
  template <class Accept>
  [[nodiscard]] steal_result<T> steal_if(Accept&& accept) noexcept {
    for (;;) {
      // [D5] seq_cst load, then [D6] seq_cst load; pair with [D3], [D4] in pop() and with [D2] in push().
      const deque_top top(ring_.top_.load(std::memory_order_seq_cst));
      const std::uint64_t bottom = ring_.bottom_.load(std::memory_order_seq_cst);  // [D6]
      if (top.distance_to(bottom) <= 0) return {steal_outcome::empty, nullptr};
      if (top.mode() == deque_mode::shared) return steal_from(top, accept);
      take_bias_away(top);
    }
  }

  /// True when an item that was pushed before a full fence of the caller is still there; may be true a moment longer.
  [[nodiscard]] bool has_work() const noexcept {
    // While such an item is there, no value of top has passed it: whichever is read does.
    const deque_top top(ring_.top_.load(std::memory_order_relaxed));
    // [D11] seq_cst load, after the caller's heavy or full fence [I2] [I4]; the pusher has its fence [I12] [I8] after [D2]:
    // either this look sees the push, or who pushed sees the bit in the idle word. Weaker, a worker parks beside a queued task.
    return top.distance_to(ring_.bottom_.load(std::memory_order_seq_cst)) > 0;
  }

  /// How many items there are; may be old.
  [[nodiscard]] std::size_t size_estimate() const noexcept {
    const deque_top top(ring_.top_.load(std::memory_order_relaxed));
    const std::int64_t size = top.distance_to(ring_.bottom_.load(std::memory_order_relaxed));
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }

 private:
  template <class Accept>
  steal_result<T> steal_from(deque_top top, Accept& accept) noexcept {
    // Read before the compare-and-swap: after it the owner may already have written the slot again.
    T* item = ring_.at(top.index()).load(std::memory_order_relaxed);
    if (!accept(static_cast<const T*>(item))) return {steal_outcome::empty, nullptr};
    std::uint64_t expected = top.word();
    // [D7] seq_cst compare-and-swap, pairs with those of the other thieves, of pop() and of spill().
    if (!ring_.top_.compare_exchange_strong(expected, top.past(1).word(), std::memory_order_seq_cst,
                                            std::memory_order_relaxed))
      return {steal_outcome::lost, nullptr};
    ring_.confirm_alive(item);
    return {steal_outcome::success, item};
  }

  // biased -> revoked -> shared. Who finds it revoked does not wait for who is at it.
  void take_bias_away(deque_top top) noexcept {
    std::uint64_t expected = top.word();
    if (top.mode() == deque_mode::biased &&
        !ring_.top_.compare_exchange_strong(expected, top.in(deque_mode::revoked).word(), std::memory_order_relaxed,
                                            std::memory_order_relaxed))
      return;
    // [D13] heavy fence, pairs with [D12]: afterwards each pop without a fence has its bottom to be seen, or sees the word.
    Atomics::heavy_fence();
    expected = top.in(deque_mode::revoked).word();
    // [D14] release compare-and-swap, pairs with [D5]: whoever finds the word shared comes after the heavy fence, too.
    (void)ring_.top_.compare_exchange_strong(expected, top.in(deque_mode::shared).word(), std::memory_order_release,
                                             std::memory_order_relaxed);
  }

  deque_ring<T, Atomics>& ring_;
};

}  // namespace filch::inline v0_1::detail
