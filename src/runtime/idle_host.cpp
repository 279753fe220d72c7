// What the idle protocol asks the pool.
#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

// Never asks a dequeue: one that fails proves nothing. Linear in the workers; only who is about to sleep, or was the
// last to search, looks.
bool pool_core::work_visible() noexcept {
  if (injection_.maybe_not_empty()) return true;
  for (const auto& lane : lanes_)
    if (lane.maybe_not_empty()) return true;
  for (unsigned i = 0; i != workers_in_use(); ++i)
    if (worker* const each = worker_at(i); each != nullptr && each->thief().has_work()) return true;
  return false;
}

}  // namespace filch::inline v0_1::detail
