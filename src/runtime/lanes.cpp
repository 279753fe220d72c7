// Submitting to a lane. The steps are those of enqueue.cpp with another queue; they stand apart so that tasks of normal
// priority, which are nearly all, pay nothing for the others.
#include "runtime/lanes.hpp"

#include <new>
#include <stdexcept>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"
#include "task/same_process.hpp"

namespace filch::inline v0_1::detail {

void require_priority(priority rank) {
  if (rank != priority::high && rank != priority::normal && rank != priority::low)
    throw std::invalid_argument("filch: task_options::priority is none of high, normal and low: use one of these");
}

void pool_core::enqueue_with(priority rank, task_node* const* tasks, std::size_t count) {
  require_priority(rank);
  if (rank == priority::normal || count == 0) return enqueue(tasks, count);
  require_same_process(generation_);
  if (worker* const self = own_worker(); self != nullptr) return self->enqueue_with(rank, tasks, count);
  const slot_lease slot = slots_.lease();
  require_open();
  slot->ledger.count_spawned(count);
  stamp(slot->sampler, tasks, count);
  const bool queued = lane(rank).enqueue(slot->by_lane[lane_of(rank)], tasks, count);
  if (!queued) slot->ledger.take_back_spawned(count);
  standard_atomics::full_fence();  // [I8]
  if (queued) return idle_.work_arrived(0, wakes_for(count));
  out_of_work();
  throw std::bad_alloc();
}

// Whoever is free first takes it, so it goes past the own deque.
void worker::enqueue_with(priority rank, task_node* const* tasks, std::size_t count) {
  confirm_own_thread();
  const unsigned which = lane_of(rank);
  pool_.stamp(sampler_, tasks, count);
  ledger_.count_spawned(count);
  if (!pool_.lane(rank).enqueue(lane_producers_[which], tasks, count)) {
    ledger_.take_back_spawned(count);
    throw std::bad_alloc();
  }
  queued_in_lane_[which] += count;
  sweep_lane_if_due(rank);
  standard_atomics::full_fence();  // [I8]
  pool_.idle().work_arrived(seat_.group, wakes_for(count));
}

}  // namespace filch::inline v0_1::detail
