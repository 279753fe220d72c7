// Waiting inside a task: run what is awaited, or give the worker's place to a spare.
#include <string>

#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

bool worker::try_run_in_place(task_node& task) noexcept {
  if (task.pool != &pool_ || !stack_has_room()) return false;
  if (task.state.claim() == claim_outcome::taken) return false;
  counters_.claims.add(1);
  // Most awaited tasks are the newest of their worker; their entry need not stay behind as a tombstone.
  if (deque_.pop_if_newest(&task)) task.drop_reference();
  run_claimed(task);
  return true;
}

bool worker::stack_has_room() const noexcept { return stack_limit_ == nullptr || stack_position() > stack_limit_; }

void worker::begin_blocked_wait() {
  pool_.replace_blocked_worker();
  counters_.blocked_waits.add(1);
}

void worker::end_blocked_wait() noexcept { pool_.blocked_worker_returns(); }

void pool_core::replace_blocked_worker() {
  const block_result result = spares_.block();
  if (result.outcome == block_outcome::refused)
    throw too_many_blocked("filch: all " + std::to_string(spare_count_) +
                           " spares stand in for workers that are blocked in get(), and one more would leave the pool "
                           "without a worker: raise scheduler_options::spares, or wait for fewer tasks inside of tasks");
  if (result.outcome == block_outcome::replaced) start_spare(result.spare);
}

// The spare counts as searching before it wakes. Its bit is the caller's until then, and with it the right to make it.
void pool_core::start_spare(unsigned spare) {
  const unsigned index = worker_count_ + spare;
  try {
    worker* const made = worker_at(index);
    (made != nullptr ? *made : make_worker(index)).start_once(worker::first_state::dormant);
  } catch (const std::exception& reason) {
    spares_.return_spare(spare);
    throw too_many_blocked(std::string("filch: a worker is about to block and no spare could be started for it: ") +
                           reason.what());
  }
  const idle_seat seat = groups_.seats[index];
  words_[seat.group].add_searcher();
  token(seat.group, seat.bit).notify();
}

void pool_core::blocked_worker_returns() noexcept {
  if (spares_.unblock()) wake_one_parked_spare();
}

// There is one worker too many: a spare that is parked as if it were needed wakes, finds nothing, and retires.
void pool_core::wake_one_parked_spare() noexcept {
  for (unsigned group = 0; group != group_count(); ++group)
    if (const std::uint64_t parked = words_[group].parked() & groups_.groups[group].spares; parked != 0) {
      idle_.wake_one_of(group, parked);
      return;
    }
}

}  // namespace filch::inline v0_1::detail
