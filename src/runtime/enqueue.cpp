// From a task that was made to a task that somebody will run: queue it, then see whether a worker must be woken.
#include <new>
#include <string>

#include <filch/detail/task/make_task.hpp>
#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"
#include "task/same_process.hpp"

namespace filch::inline v0_1::detail {

worker* pool_core::own_worker() const noexcept {
  worker* const self = this_thread_worker;
  return self != nullptr && &self->pool() == this && self->runs_tasks() ? self : nullptr;
}

void pool_core::enqueue(task_node* const* tasks, std::size_t count) {
  require_same_process(generation_);
  if (worker* const self = own_worker(); self != nullptr) {
    self->enqueue(tasks, count);
    return;
  }
  const slot_lease slot = slots_.lease();
  require_open();
  if (count != 0) enqueue_in(slot, tasks, count);
}

// One lease for both steps: nobody's code runs in between.
task_node& pool_core::make_and_enqueue(std::size_t bytes, std::size_t alignment, make_function make, void* context) {
  require_same_process(generation_);
  if (worker* const self = own_worker(); self != nullptr) {
    task_node* const made = make(context, self->allocate(bytes, alignment));
    discard_on_failure(*made, [&] { self->enqueue(&made, 1); });
    return *made;
  }
  const slot_lease slot = slots_.lease();
  require_open();
  task_node* const made = make(context, allocate_in(slot, bytes, alignment));
  discard_on_failure(*made, [&] { enqueue_in(slot, &made, 1); });
  return *made;
}

// A task may submit while its pool drains, also one that runs outside, in get(help).
void pool_core::require_open() const {
  if (closed_.is_closed() && !running_task::runs_one_of(*this)) refuse();
}

void pool_core::refuse() const {
  throw closed("filch: the pool \"" + settings_.options.name +
               "\" has been shut down and takes no more tasks: submit before shutdown(), or from one of its tasks");
}

void pool_core::stamp(latency_sampler& sampler, task_node* const* tasks, std::size_t count) const noexcept {
  sampler.sample(count, settings_.options.latency_sampling,
                 [&](std::size_t i, std::int64_t now) { tasks[i]->queued_at = now; });
}

// The slot is held until the last step, the wake-up included: when a closer has seen it free, nobody from outside is
// inside any more.
void pool_core::enqueue_in(const slot_lease& slot, task_node* const* tasks, std::size_t count) {
  slot->ledger.count_spawned(count);
  stamp(slot->sampler, tasks, count);
  const bool queued = injection_.enqueue(slot->producer, tasks, count);
  if (!queued) slot->ledger.take_back_spawned(count);
  standard_atomics::full_fence();  // [I8] the submitter's half of the wake handshake, pairs with [I2]
  if (queued) {
    idle_.work_arrived(0, wakes_for(count));
    return;
  }
  out_of_work();  // whoever waits for idleness may have counted what was taken back
  throw std::bad_alloc();
}

// A pool is not stopped while one of its tasks runs, so it takes what a task submits.
void worker::enqueue(task_node* const* tasks, std::size_t count) {
  confirm_own_thread();
  if (count == 0) return;
  pool_.stamp(sampler_, tasks, count);
  ledger_.count_spawned(count);
  try {
    queue(tasks, count);
  } catch (...) {
    ledger_.take_back_spawned(count);
    pool_.idle().work_pushed(seat_.group);  // what a failed spill has put back was out of sight for a moment
    throw;
  }
  pool_.idle().work_pushed(seat_.group, wakes_for(count));
}

// To the own deque; a batch that would fill half of it goes to all, as does what finds no room below the branches of a join.
// work_pushed() follows, whose light fence is for a push; what was enqueued has a full one.
void worker::queue(task_node* const* tasks, std::size_t count) {
  if (count <= deque_.capacity() / 2) {
    if (deque_.push(tasks, count)) return;
    spill();
    if (deque_.push(tasks, count)) return;
  }
  if (!pool_.injection().enqueue(producer_, tasks, count)) throw std::bad_alloc();
  standard_atomics::full_fence();  // [I8]
}

// The oldest, up to the first branch of a join: that one stays where whoever waits for it can take it back.
std::size_t worker::spill_tasks(task_node** tasks, std::size_t count) noexcept {
  return deque_.spill_if(tasks, count, [](const task_node* entry) { return !stack_job::is_in(entry); });
}

// The older half to the injection queue, or where a branch of a join is the oldest, what lies above the newest of those.
// Between the two steps it is in this worker's hands alone, which goes on running. When thieves were faster there is room as
// well.
void worker::spill() {
  std::size_t live = drop_tombstones(batch_.get(), spill_tasks(batch_.get(), deque_.capacity() / 2));
  if (live == 0) {
    const above_a_job found = take_what_lies_above(deque_.pop());
    live = found.tasks;
    if (found.job != nullptr) (void)deque_.push(found.job);  // there is room: only the owner adds
  }
  if (live == 0) return;
  counters_.spills.add(1);
  if (!pool_.injection().enqueue(producer_, batch_.get(), live)) {
    (void)deque_.push(batch_.get(), live);  // what was taken out fits again; younger than it was, and not lost
    throw std::bad_alloc();
  }
  sweep_injection();
  standard_atomics::full_fence();  // [I8] the spilled tasks as well are queued before the look that follows the push
}

// All of the own deque to the injection queue, for one that goes dormant. False when there is no memory for that: then
// the rest is where it was.
bool worker::give_away_deque() noexcept {
  while (thief_.has_work()) {
    const std::size_t live = drop_tombstones(batch_.get(), spill_tasks(batch_.get(), deque_.capacity() / 2));
    if (live == 0 || pool_.injection().enqueue(producer_, batch_.get(), live)) continue;
    (void)deque_.push(batch_.get(), live);
    return false;
  }
  return true;
}

}  // namespace filch::inline v0_1::detail
