// Waiting inside a task: run what is awaited, or give the worker's place to a spare.
#include <string>

#include <filch/task/errors.hpp>

#include "base/stack_room.hpp"
#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

bool worker::try_run_in_place(task_node& task) noexcept {
  confirm_own_thread();
  if (task.owner != &pool_ || !stack_has_room()) return false;
  if (task.state.claim() == claim_outcome::taken) return false;
  counters_.claims.add(1);
  // Most awaited tasks are the newest of their worker; their entry need not stay behind as a tombstone.
  const bool has_entry = deque_.pop_if_newest(&task);
  run_claimed(task);
  if (has_entry) task.drop_reference();
  return true;
}

// In a child that a task has forked, the pool of the parent's worker is left alone: it may have one of its own by now.
void worker::begin_blocked_wait() {
  if (!pool_.is_this_process()) return;
  pool_.replace_blocked_worker();
  counters_.blocked_waits.add(1);
}

void worker::end_blocked_wait() noexcept {
  if (pool_.is_this_process()) pool_.blocked_worker_returns();
}

void worker::take_back_end_of_blocked_wait() noexcept { pool_.take_back_return(); }

void pool_core::replace_blocked_worker() {
  const block_result result = spares_.block();
  if (result.outcome == block_outcome::refused)
    throw too_many_blocked("filch: all " + std::to_string(spare_count_) +
                           " spares stand in for workers that are blocked in get(), and this one is the last that is "
                           "not: raise scheduler_options::spares, or wait for fewer tasks inside of tasks");
  if (result.outcome == block_outcome::replaced) start_spare(result.spare);
}

// Its bit is the caller's, and with it the right to make and to start it.
void pool_core::start_spare(unsigned spare) {
  try {
    wake_spare(spare);
  } catch (const std::exception& reason) {
    throw too_many_blocked(std::string("filch: a worker is about to block and no spare could be started for it: ") +
                           reason.what());
  }
}

void pool_core::wake_spare(unsigned spare) {
  const unsigned index = most_workers() + spare;
  try {
    (void)started_worker(index);
  } catch (...) {
    spares_.return_spare(spare);
    throw;
  }
  wake_dormant(index);
}

// For who has its bit, or resizes. Its thread, where it is new, is dormant until it is woken.
worker& pool_core::started_worker(unsigned index) {
  worker* const own = worker_at(index);
  if (own != nullptr && own->is_started()) return *own;
  worker& made = own != nullptr ? *own : make_worker(index);
  made.start();
  return made;
}

// dormant -> busy. Nobody relies on it until it has begun to search: a new thread's start hook may take long.
void pool_core::wake_dormant(unsigned index) noexcept { tokens_[index].notify(); }

void pool_core::blocked_worker_returns() noexcept {
  if (spares_.unblock()) call_up_one_too_many();
}

// For a worker that was refused and yet counted as returned, because its wait ended at the same moment: meanwhile a spare may
// have gone by that count. So the count goes down as when somebody blocks, and perhaps a spare comes back. It is not
// refused: the caller is unblocked and counted twice.
void pool_core::take_back_return() noexcept {
  const block_result result = spares_.block();
  if (result.outcome != block_outcome::replaced) return;
  try {
    start_spare(result.spare);
  } catch (const std::exception&) {  // too_many_blocked, or no memory to say so
    spares_.take_back_unblock();
  }
}

// There is one worker too many: a spare, or a worker past the target, that is parked as if it were needed wakes, finds nothing,
// and retires. The fence pairs with the one of a worker that is about to park [I2]: either its bit is seen here, or it sees the
// excess.
void pool_core::call_up_one_too_many() noexcept {
  standard_atomics::full_fence();
  const unsigned workers = worker_count();
  for (unsigned group = 0; group != group_count(); ++group)
    if (idle_.call_up(group, groups_.groups[group].bits_from(workers))) return;
}

// Asked by a worker that has set its bit and not slept yet. One whose slab must be trimmed once more does not sleep: who
// rang while its bit was not set yet did not wake it.
bool pool_core::must_stay_awake(idle_seat seat) const noexcept {
  const unsigned index = groups_.groups[seat.group].members[seat.bit];
  return stopping() || is_one_too_many(index) || worker_at(index)->wants_trim();
}

}  // namespace filch::inline v0_1::detail
