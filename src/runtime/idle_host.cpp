// What the idle protocol asks the pool.
#include <bit>

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

bool pool_core::is_at_rest() noexcept {
  unsigned parked = 0;
  for (unsigned g = 0; g != group_count(); ++g) {
    if (words_[g].searchers() != 0) return false;
    parked += static_cast<unsigned>(std::popcount(words_[g].parked()));
  }
  return parked + spares_.dormant_count() == worker_count_ + spare_count_ && balance().idle() && !work_visible();
}

// [Q3] after the sleeper's full fence, pairs with [Q4] in wait_until_idle(): either this worker sees who waits, or who
// waits counts this worker's last task as finished.
void pool_core::out_of_work() noexcept {
  if (idle_waiters_.load(std::memory_order_relaxed) == 0) return;
  (void)idle_epoch_.fetch_add(1, std::memory_order_release);  // [Q5] pairs with the waiter's load of the epoch
  futex_wake_all(&idle_epoch_);
}

}  // namespace filch::inline v0_1::detail
