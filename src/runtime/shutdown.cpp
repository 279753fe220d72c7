// The end of a pool: close, drain or cancel, stop.
#include <exception>
#include <optional>
#include <string>

#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "task/same_process.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

shutdown_counts pool_core::shutdown(shutdown_mode mode, steady_time deadline) {
  require_same_process(generation_);
  close();
  if (mode == shutdown_mode::cancel) cancel_queued();
  if (is_called_from_inside()) return counts();
  std::optional<blocked_wait> blocked;
  try {
    blocked.emplace(role_to_replace);  // perhaps a worker of another pool
  } catch (const too_many_blocked&) {
    // A shutdown goes on all the same.
  }
  const std::optional<steady_time> limit = mode == shutdown_mode::drain ? std::nullopt : std::optional(deadline);
  if (wait_until_idle(limit)) {
    end_workers();
  } else if (mode == shutdown_mode::drain_until) {
    cancel_queued();
    if (wait_until_idle(deadline)) end_workers();
  }
  return counts();
}

// On a worker, in its hooks as well, or in a task that a thread outside runs in get(help): waiting for the pool would be
// waiting for oneself.
bool pool_core::is_called_from_inside() const noexcept {
  return (this_thread_worker != nullptr && &this_thread_worker->pool() == this) || running_task::runs_one_of(*this);
}

// After this no task comes from outside: each submission either is complete or will see the flag.
void pool_core::close() noexcept {
  closed_.close();
  slots_.wait_until_all_free();
  if (pool_service* const service = service_if_any(); service != nullptr) service->drain();
}

// Idle and closed means that no task runs and none will: only tasks submit now. Whoever comes second waits for the
// first and finds it done.
void pool_core::end_workers() noexcept {
  {
    const std::scoped_lock lock(ending_);
    slots_.wait_until_all_free();  // whoever has counted the last task may still be about to tell us
    if (ended_.load(std::memory_order_relaxed)) return stop_service();
    stop_and_join();
    ended_.store(true, std::memory_order_release);  // [C4] pairs with [C3]
    stop_service();
  }
  bell_->ring();  // for those who rang for a worker that was leaving
}

// Last, since stop hooks may have been the first to ask for it.
void pool_core::stop_service() noexcept {
  if (pool_service* const service = service_if_any(); service != nullptr) service->stop();
}

// From here on workers cancel what they take; this thread helps, since all of them may be inside long tasks. Stop
// callbacks and captures' destructors run here, under no lock.
void pool_core::cancel_queued() noexcept {
  cancelling_.store(true, std::memory_order_release);  // [C2] pairs with [C1]
  (void)stop_source_.request_stop();
  if (pool_service* const service = service_if_any(); service != nullptr) service->cancel();
  // Not more than there are now: a running task may go on submitting, and workers cancel that.
  for (std::uint64_t left = counts().running; left != 0;) {
    const cancel_step step = cancel_one_queued();
    if (step == cancel_step::nothing_queued) return;
    if (step == cancel_step::cancelled) --left;
  }
}

pool_core::cancel_step pool_core::cancel_one_queued() noexcept {
  bool maybe_more = injection_.maybe_not_empty();
  task_node* task = nullptr;
  (void)injection_.dequeue(&task, 1);
  for (task_lane& each : lanes_) {
    maybe_more = maybe_more || each.maybe_not_empty();
    if (task == nullptr) (void)each.dequeue(&task, std::size_t{1});
  }
  for (unsigned i = 0; task == nullptr && i != workers_in_use(); ++i) {
    worker* const victim = worker_at(i);
    if (victim == nullptr) continue;
    const steal_result<task_node> taken =
        victim->thief().steal_if([](const task_node* entry) { return !stack_job::is_in(entry); });
    task = taken.item;
    maybe_more = maybe_more || taken.outcome == steal_outcome::lost;
  }
  if (task == nullptr) return maybe_more ? cancel_step::again : cancel_step::nothing_queued;
  if (!task->operations->claimable) {
    cancel_unknown(*task);
    return cancel_step::cancelled;
  }
  const bool claimed = task->state.claim() == claim_outcome::claimed;
  if (claimed) cancel_claimed(*task, cancelled_because_stopped());
  task->drop_reference();
  return claimed ? cancel_step::cancelled : cancel_step::again;
}

void pool_core::cancel_because_stopped(task_node& claimed) noexcept {
  claimed.operations->abandon(claimed, cancelled_because_stopped());
}

// Without memory for a sentence the reason is that.
std::exception_ptr pool_core::cancelled_because_stopped() const noexcept {
  try {
    return std::make_exception_ptr(
        task_cancelled("filch: the task was still queued when the pool \"" + settings_.options.name +
                       "\" was told to stop, so it never ran: use shutdown() to let queued tasks finish"));
  } catch (...) {
    return std::current_exception();
  }
}

shutdown_counts pool_core::counts() const noexcept {
  std::uint64_t executed = 0;
  std::uint64_t cancelled = 0;
  const auto add = [&](const worker_counters& from) {
    executed += from.executed.read();
    cancelled += from.cancelled.read();
  };
  for_each_worker([&](const worker& each) { add(each.counters()); });
  slots_.for_each([&](const submission_slot& slot) { add(slot.counters); });
  const std::uint64_t spawned = balance().spawned;
  return {executed, cancelled, spawned - executed - cancelled};
}

}  // namespace filch::inline v0_1::detail
