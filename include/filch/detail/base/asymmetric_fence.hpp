// A full fence of which one side pays for both: the light side, which many pass often, keeps the compiler from moving a load
// before a store; the heavy side, which is passed seldom, has the system run a full fence on every thread of the process. Where
// the system does not do that, both are full fences.
//
//   thread 1   x.store(1)   light_fence()   reads y
//   thread 2   y.store(1)   heavy_fence()   reads x        one of the two reads 1
//
// A light fence orders nothing against another light one, or against a full fence.
#pragma once

#include <atomic>

#include <filch/detail/base/full_fence.hpp>

namespace filch::inline v0_1::detail {

/// Whether light fences are light in this process. Changes at most once, before the first pool has workers.
extern constinit std::atomic<bool> fences_are_asymmetric;

/// Asks the system for it, once a process, a forked one again. Before any light fence of a pool.
void prepare_heavy_fences() noexcept;

/// Where it is known that they are.
inline void light_fence_where_asymmetric() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

inline void light_fence() noexcept {
  if (fences_are_asymmetric.load(std::memory_order_relaxed)) [[likely]]
    light_fence_where_asymmetric();
  else
    full_fence();
}

/// Some 0.3 us, and a few more where other threads run on other cores: each of those is interrupted.
void heavy_fence() noexcept;

}  // namespace filch::inline v0_1::detail
