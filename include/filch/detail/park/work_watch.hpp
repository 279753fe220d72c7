// Whether somebody who sleeps while all workers do wants to be told when one wakes: he who watches over the size of a pool.
//
//   watcher   J1  asleep = true (seq_cst)      J3  is each worker parked? [I3]   no: asleep = false, and goes on
//   worker    woken: its bit is out of the idle word [I11], token [I5] [I6]
//             J2  asleep (seq_cst)?            take it back, tell the watcher
//
// A worker that J3 has seen parked was claimed after it in the total order, so that its J2 comes after J1 and sees the flag.
#pragma once

#include <atomic>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/cache_line.hpp>

namespace filch::inline v0_1::detail {

template <class Atomics = standard_atomics>
class work_watch {
 public:
  /// The watcher, before it looks at the workers.
  void begin() noexcept { asleep_.store(true, std::memory_order_seq_cst); }  // [J1] before [I3]; pairs with [J2]

  /// The watcher, who has found one awake. Who tells it all the same does no harm.
  void give_up() noexcept { asleep_.store(false, std::memory_order_relaxed); }

  /// A worker that has woken: whether it is to tell the watcher.
  [[nodiscard]] bool is_to_be_told() noexcept {
    // [J2] seq_cst load, after the claim [I11] that has woken the caller; pairs with [J1]: who was claimed after the watcher's
    // look finds the flag. Weaker, the watcher sleeps beside workers that are awake.
    return asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false, std::memory_order_relaxed);
  }

 private:
  alignas(cache_line) typename Atomics::template atomic<bool> asleep_{false};
};

}  // namespace filch::inline v0_1::detail
