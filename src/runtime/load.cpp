// How busy a pool is, for who decides about its size, and the bell for who sleeps while all workers do.
#include "runtime/load.hpp"

#include <bit>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

pool_load pool_core::load() const noexcept {
  pool_load found{};
  const shutdown_counts ended = counts();
  found.finished = ended.finished + ended.cancelled;
  found.queued = injection_.size_estimate();
  for (const task_lane& each : lanes_) found.queued += each.waiting();
  for_each_worker([&](worker& each) { found.queued += each.thief().size_estimate(); });
  found.idle = parked();
  for (unsigned group = 0; group != group_count(); ++group) found.idle += static_cast<unsigned>(words_[group].searchers());
  return found;
}

unsigned pool_core::parked() const noexcept {
  unsigned all = 0;
  for (unsigned group = 0; group != group_count(); ++group)
    all += static_cast<unsigned>(std::popcount(words_[group].parked()));
  return all;
}

// One that blocks may come back unseen. What it queues then wakes another.
bool pool_core::watch_for_work() noexcept {
  watch_.begin();
  if (parked() == spares_.unblocked()) return true;
  watch_.give_up();
  return false;
}

void pool_core::tell_who_watches() noexcept {
  if (watch_.is_to_be_told()) tell_service();
}

void pool_core::tell_service() noexcept {
  if (pool_service* const service = found_service_.load(std::memory_order_acquire)) service->work_has_come();  // [V1]
}

}  // namespace filch::inline v0_1::detail
