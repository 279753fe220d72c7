// What a thread outside the pool needs while it submits: a producer token, a slab, counters. A slot is leased for the
// moment of one step and remembered by its number, so that thousands of short-lived threads share a few slots, no
// thread has anything to hand over when it ends, and no thread-local object outlives a pool.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/runtime/closing.hpp>
#include <filch/detail/runtime/quiescence.hpp>
#include <filch/detail/task/task_node.hpp>

#include "memory/slab.hpp"
#include "probe/counters.hpp"
#include "probe/sampler.hpp"
#include "queue/injection_queue.hpp"
#include "runtime/lanes.hpp"

namespace filch::inline v0_1::detail {

/// Whoever waits for a mark waits for a thread that may have lost its core.
struct yielding_atomics : standard_atomics {
  static void pause() noexcept { std::this_thread::yield(); }
};

/// Touched by the holder of its mark; the ledger and the counters are read by anybody.
struct submission_slot {
  submission_slot() = default;
  ~submission_slot() {
    if (slab* const own = memory.load(std::memory_order_relaxed); own != nullptr) own->orphan();
  }
  submission_slot(const submission_slot&) = delete;
  submission_slot& operator=(const submission_slot&) = delete;

  /// Bytes that its slab holds; may be old. Anybody may ask.
  [[nodiscard]] std::size_t memory_held() const noexcept {
    const slab* const own = memory.load(std::memory_order_acquire);  // [T2]
    return own == nullptr ? 0 : own->bytes_held();
  }

  /// Anybody who does not hold it: has the slab trimmed if it holds more than a slab should keep, here or by the holder.
  void trim() noexcept;

  /// The holder leaves; trims first, if that was asked for meanwhile.
  void leave() noexcept;

  alignas(cache_line) submission_mark<yielding_atomics> mark;
  task_ledger<> ledger;
  latency_sampler sampler;
  standard_atomics::atomic<slab*> memory{nullptr};  // made by the first holder that needs it
  injection_queue<task_node>::producer producer;
  lane_producers by_lane;
  worker_counters counters;
};

/// Holds a slot until it goes out of scope. No user code runs meanwhile.
class slot_lease {
 public:
  explicit slot_lease(submission_slot& leased) noexcept : slot_(leased) {}
  ~slot_lease() { slot_.leave(); }
  slot_lease(const slot_lease&) = delete;
  slot_lease& operator=(const slot_lease&) = delete;

  submission_slot* operator->() const noexcept { return &slot_; }

 private:
  submission_slot& slot_;
};

/// As many slots as threads were ever inside a step at the same time, rounded up.
class submission_slots {
 public:
  submission_slots() = default;
  ~submission_slots();
  submission_slots(const submission_slots&) = delete;
  submission_slots& operator=(const submission_slots&) = delete;

  /// A slot that nobody holds: the one this thread had last, if it is free and one of the first block. Lock-free, but for want of memory: then it
  /// waits for one to become free.
  [[nodiscard]] slot_lease lease() noexcept;

  /// The closer, after the flag is set: waits for every holder to leave.
  void wait_until_all_free() const noexcept;

  /// As submission_slot::trim(), of each.
  void trim() noexcept;

  template <class Visit>
  void for_each(Visit&& visit) const {
    // [G7] in submission_slots.cpp; and of the closer, after [G5]: a block that this walk misses was linked later.
    for (const block* each = &first_; each != nullptr; each = each->next.load(std::memory_order_seq_cst))
      for (const submission_slot& slot : each->slots) visit(slot);
  }

 private:
  static constexpr unsigned slots_in_a_block = 8;

  struct block {
    std::array<submission_slot, slots_in_a_block> slots;
    standard_atomics::atomic<block*> next{nullptr};
  };

  /// The next block, made if there is none; nullptr when there is no memory for it.
  block* block_after(block& last) noexcept;

  block first_;
};

}  // namespace filch::inline v0_1::detail
