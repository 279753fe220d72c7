// What the idle protocol asks the pool.
#include "runtime/pool_core.hpp"

namespace filch::inline v0_1::detail {

// Never asks a dequeue: one that fails proves nothing. Linear in the workers; only who is about to sleep, or was the
// last to search, looks.
bool pool_core::work_visible() noexcept {
  if (injection_.maybe_not_empty()) return true;
  for (unsigned i = 0; i != workers_in_use(); ++i)
    if (worker* const each = worker_at(i); each != nullptr && each->thief().has_work()) return true;
  return false;
}

// [Q3] after the sleeper's full fence, pairs with [Q4] in wait_until_idle(): either this worker sees who waits, or who
// waits counts this worker's last task as finished.
void pool_core::out_of_work() noexcept {
  if (idle_waiters_.load(std::memory_order_relaxed) == 0) return;
  (void)idle_epoch_.fetch_add(1, std::memory_order_release);  // [Q5] pairs with the waiter's load of the epoch
  futex_wake_all(&idle_epoch_);
}

}  // namespace filch::inline v0_1::detail
