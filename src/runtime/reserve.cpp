// Submitting in two steps, for what has to wait for its time. A task that is reserved is counted as spawned, so the pool
// neither is idle nor ends before it has; and until it is queued somebody else may end it. Who queues it need not ask whether
// the pool is closed.
#include <new>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"
#include "task/same_process.hpp"

namespace filch::inline v0_1::detail {

void pool_core::reserve(priority rank) {
  require_priority(rank);
  require_same_process(generation_);
  if (worker* const self = own_worker(); self != nullptr) return self->reserve();
  const slot_lease slot = slots_.lease();
  require_open();
  slot->ledger.count_spawned(1);
}

void pool_core::reserve_regardless() noexcept {
  const slot_lease slot = slots_.lease();
  slot->ledger.count_spawned(1);
}

void worker::reserve() noexcept {
  confirm_own_thread();
  ledger_.count_spawned(1);
}

// Its latency is not measured: whoever ends the task meanwhile writes where the time would stand. The slot is held to the last
// step, as in enqueue_in(): the task may be over before this is.
void pool_core::enqueue_reserved(priority rank, task_node& reserved) {
  task_node* const task = &reserved;
  const slot_lease slot = slots_.lease();
  const bool queued = rank == priority::normal ? injection_.enqueue(slot->producer, &task, 1)
                                               : lane(rank).enqueue(slot->by_lane[lane_of(rank)], &task, 1);
  if (!queued) throw std::bad_alloc();
  standard_atomics::full_fence();  // [I8]
  idle_.work_arrived(0, 1);
}

}  // namespace filch::inline v0_1::detail
