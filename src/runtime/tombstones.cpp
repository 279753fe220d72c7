// A task that get() ran in place, or that was cancelled, leaves its entry in a queue. Any worker that dequeues the entry
// drops it; but a pool whose workers are all inside long tasks dequeues nothing, so whoever spills, or fills a lane, cleans
// up as well. Without that, a task that submits and awaits thousands for ever would fill the memory with tombstones.
#include <algorithm>
#include <new>
#include <utility>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

namespace {
constexpr std::size_t largest_sweep = 32;
}

// Keeps the entries that are still to be run, in their order, and answers how many.
std::size_t worker::drop_tombstones(task_node** entries, std::size_t count) noexcept {
  task_node** const end = std::remove_if(entries, entries + count, [](task_node* entry) {
    if (!entry->state.is_claimed()) return false;
    entry->drop_reference();
    return true;
  });
  return static_cast<std::size_t>(end - entries);
}

// Takes entries from the front of a shared queue for as long as a good part of them are tombstones, and not many more than
// `most`; the others go to the back. Costs one small batch where there are none. What this worker
// has in its hands meanwhile is queued again before the fence and the look that end the submission.
template <class Dequeue, class Enqueue>
void worker::sweep(std::size_t most, Dequeue&& dequeue, Enqueue&& enqueue) {
  task_node* entries[largest_sweep];
  const std::size_t size = std::min({largest_sweep, deque_.capacity() / 4, deque_.room()});
  for (std::size_t swept = 0; swept < most && size != 0; swept += size) {
    const std::size_t taken = dequeue(entries, size);
    const std::size_t live = drop_tombstones(entries, taken);
    if (live != 0 && !enqueue(entries, live)) {
      (void)deque_.push(entries, live);  // there is room still: only the owner adds
      return;
    }
    if (taken - live < size / 4 || taken < size) return;
  }
}

// Twice as many as a spill puts in.
void worker::sweep_injection() {
  sweep(deque_.capacity(),
        [&](task_node** entries, std::size_t size) { return pool_.injection().dequeue(consumer_, entries, size); },
        [&](task_node** entries, std::size_t live) { return pool_.injection().enqueue(producer_, entries, live); });
}

// After as many as a deque holds were put there since the last time, and twice as many as were. What is taken out must fit
// into the deque, in case that there is no memory to put it back: a full one is spilled.
void worker::sweep_lane_if_due(priority rank) {
  task_lane& lane = pool_.lane(rank);
  const unsigned which = lane_of(rank);
  if (queued_in_lane_[which] < deque_.capacity()) return;
  try {
    if (deque_.room() == 0) spill();
  } catch (const std::bad_alloc&) {
    return;  // another time
  }
  sweep(2 * std::exchange(queued_in_lane_[which], 0),
        [&](task_node** entries, std::size_t size) { return lane.dequeue(lane_consumers_[which], entries, size); },
        [&](task_node** entries, std::size_t live) { return lane.enqueue(lane_producers_[which], entries, live); });
}

// What is still in the queues are entries of tasks that were claimed by a get() or a cancellation.
void pool_core::discard_tombstones() noexcept {
  task_node* found = nullptr;
  while (injection_.dequeue(&found, 1) != 0) found->drop_reference();
  for (task_lane& lane : lanes_)
    while (lane.dequeue(&found, std::size_t{1}) != 0) found->drop_reference();
  for_each_worker([](worker& each) {
    for (steal_result<task_node> taken = each.thief().steal(); taken.outcome != steal_outcome::empty;
         taken = each.thief().steal())
      if (taken.outcome == steal_outcome::success) taken.item->drop_reference();
  });
}

}  // namespace filch::inline v0_1::detail
