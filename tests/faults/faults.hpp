// Makes the n-th call of a kind fail, once, on whatever thread it comes. The calls are exchanged when this program is linked
// (-Wl,--wrap and the operators), so that filch is the one that ships.
#pragma once

#include <cstdint>

namespace filch_faults {

enum class kind {
  allocation,         // operator new and malloc: no memory
  injection,          // malloc alone, which the injection queue calls and nothing else of filch: an enqueue is refused
  thread,             // pthread_create: EAGAIN
  binding,            // hwloc_set_cpubind: EPERM
  reading_binding,    // hwloc_get_cpubind: EPERM
  futex_interrupted,  // a futex wait: EINTR, at once
  futex_again,        // a futex wait: EAGAIN, at once
  topology_init,      // hwloc_topology_init: ENOMEM
  topology_load       // hwloc_topology_load: ENOMEM
};

/// From now on the `nth` call of `what`, the first being 1, fails.
void arm(kind what, std::uint64_t nth) noexcept;

/// Ends it, and answers whether a call has failed.
bool disarm() noexcept;

/// Blocks that were taken by operator new or malloc and have not come back.
[[nodiscard]] std::int64_t blocks_out() noexcept;

}  // namespace filch_faults
