// How many hold an object: a task by the queue or whoever runs it and by the future, or what pools and slabs share.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/checked_build.hpp>

namespace filch::inline v0_1::detail {

enum class drop_outcome { others_hold, last };

template <class Atomics = standard_atomics>
class reference_count {
 public:
  explicit reference_count(std::uint32_t holders) noexcept : count_(holders) {}

  /// The caller holds one already.
  void add() noexcept { (void)count_.fetch_add(1, std::memory_order_relaxed); }

  /// An object that has one holder all along may live on after its last drop, with that one: the count stays at one.
  [[nodiscard]] drop_outcome drop() noexcept {
    // [R2] acquire load, pairs with [R1] of the other holders. One means that the caller is alone: nobody is left who
    // could change the count, so the last drop needs no locked instruction.
    const std::uint32_t seen = count_.load(std::memory_order_acquire);
    if (seen == 1) return drop_outcome::last;
    confirm(seen != 0, "a reference was dropped once more than there were");
    // [R1] acq_rel, pairs with itself: the last holder sees all that the others did, then destroys.
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1 ? drop_outcome::last : drop_outcome::others_hold;
  }

 private:
  typename Atomics::template atomic<std::uint32_t> count_;
};

}  // namespace filch::inline v0_1::detail
