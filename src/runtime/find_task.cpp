// Which task a worker runs next.
//
// What is urgent first. Then the newest own task: its data is warm, and the oldest are left to thieves. Then what came from
// outside, a fair share at a time. Then the oldest task of the nearest worker that has one, and at last what can wait. And
// every 61st look the other way round: in turn the injection queue, the own oldest task, another worker's oldest or what can
// wait comes first, so that neither a task that resubmits itself nor urgent ones starve anybody.
#include <algorithm>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

namespace {
constexpr unsigned looks_between_fair_turns = 61;
constexpr unsigned most_tombstones_a_visit = 32;
}  // namespace

task_node* worker::find_own() noexcept {
  confirm_own_thread();
  if (task_node* const task = fair_turn(); task != nullptr) return task;
  if (pool_.lane(priority::high).waiting() != 0)
    if (task_node* const task = take_from_lane(priority::high); task != nullptr) return task;
  if (task_node* const task = deque_.pop(); task != nullptr) return task;
  return take_injected(batch_size::share);
}

// What a searching worker looks at: its own deque is empty but for what it has just put there.
task_node* worker::find_task() noexcept {
  if (task_node* const task = find_own(); task != nullptr) return task;
  if (task_node* const task = steal(); task != nullptr) return task;
  return take_from_lane(priority::low);
}

task_node* worker::fair_turn() noexcept {
  if (++looks_ != looks_between_fair_turns) return nullptr;
  looks_ = 0;
  switch (fair_turns_++ % 4) {
    case 0: return take_injected(batch_size::one);
    case 1: return oldest_of_own();
    case 2: return steal_in_turn();
    default: return take_from_lane(priority::low);
  }
}

// Not as a thief, who would take the bias of this very worker away.
task_node* worker::oldest_of_own() noexcept {
  task_node* oldest = nullptr;
  return spill_tasks(&oldest, 1) != 0 ? oldest : nullptr;
}

// One at a time, since none of them should lie in a deque. Tombstones on the way are dropped, some, so that a visit is not
// spent on one, and whoever cancels more than is visited does not fill the memory.
task_node* worker::take_from_lane(priority rank) noexcept {
  for (unsigned dropped = 0; dropped != most_tombstones_a_visit; ++dropped) {
    task_node* taken = nullptr;
    if (pool_.lane(rank).dequeue(lane_consumers_[lane_of(rank)], &taken, std::size_t{1}) == 0) return nullptr;
    if (drop_tombstones(&taken, 1) == 0) continue;
    counters_.injected_tasks.add(1);
    counters_.injected_batches.add(1);
    return taken;
  }
  return nullptr;
}

// A fair share of what there is, so that the other workers find some as well. The first is for now; the others go to
// the own deque, where thieves can reach them, the oldest on top of the rest for the next pop.
task_node* worker::take_injected(batch_size size) noexcept {
  injection& queue = pool_.injection();
  const std::size_t waiting = queue.size_estimate();
  if (waiting == 0) return nullptr;
  const std::size_t share =
      size == batch_size::one ? 1 : std::min({largest_batch, waiting / pool_.worker_count() + 1, deque_.room() + 1});
  const std::size_t taken = queue.dequeue(consumer_, batch_.get(), share);
  if (taken == 0) return nullptr;
  counters_.injected_tasks.add(taken);
  counters_.injected_batches.add(1);
  if (taken == 1) return batch_[0];
  // Another core wrote these tasks: their lines come over together, not one by one as each is run.
  for (std::size_t i = 0; i != taken; ++i) __builtin_prefetch(batch_[i], 1);
  std::reverse(batch_.get() + 1, batch_.get() + taken);
  (void)deque_.push(batch_.get() + 1, taken - 1);  // there is room: only the owner adds
  pool_.idle().work_pushed(seat_.group);
  return batch_[0];
}

task_node* worker::steal() noexcept {
  if (!is_spare())
    for (const std::uint32_t victim : pool_.decided().plan.workers[index_].victims)
      if (task_node* const task = steal_at(victim); task != nullptr) return task;
  // Spares have no place of their own: they stand behind the workers as victims, and rob all in the order of indices.
  for (unsigned i = is_spare() ? 0 : pool_.most_workers(); i < pool_.workers_in_use(); ++i)
    if (task_node* const task = steal_at(i); task != nullptr) return task;
  return nullptr;
}

// The nearest that always has something must not hide the others from a worker that always has something of its own.
task_node* worker::steal_in_turn() noexcept {
  const unsigned all = pool_.workers_in_use();
  for (unsigned looks = 0; looks != all; ++looks)
    if (task_node* const task = steal_at(next_victim_++ % all); task != nullptr) return task;
  return nullptr;
}

task_node* worker::steal_at(unsigned index) noexcept {
  worker* const victim = pool_.worker_at(index);
  return victim == nullptr || victim == this ? nullptr : steal_from(*victim);
}

// Whoever loses to another thief tries again: there may be more, and somebody has made progress.
task_node* worker::steal_from(worker& victim) noexcept {
  for (;;) {
    if (!victim.thief().has_work()) return nullptr;
    counters_.steal_attempts.add(1);
    const steal_result<task_node> taken = victim.thief().steal();
    if (taken.outcome == steal_outcome::success) {
      counters_.stolen.add(1);
      return taken.item;
    }
    if (taken.outcome == steal_outcome::empty) return nullptr;
    counters_.lost.add(1);
  }
}

}  // namespace filch::inline v0_1::detail
