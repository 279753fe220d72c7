// Branches of joins, seen from the workers: one forks them and takes them back, another steals them. The protocol is in
// README.md, fork and join.
#include <algorithm>
#include <chrono>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/stack_pointer.hpp>
#include <filch/detail/runtime/fork_context.hpp>
#include <filch/detail/runtime/stack_job.hpp>
#include <filch/detail/task/wait.hpp>

#include "runtime/look_for_a_while.hpp"
#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

namespace {
constexpr std::chrono::milliseconds between_looks_without_spare{1};
}  // namespace

constinit thread_local fork_context* this_thread_forks = nullptr;

void stack_job::run_stolen(worker& by) noexcept {
  thief_.store(&by, std::memory_order_release);  // [F2] pairs with [F1]
  {
    const running_part part(within_);
    run_(*this);
  }
  notify_all(state_.finish());
}

void fork_context::look_for_sleepers() noexcept {
  worker& self = static_cast<worker&>(*this);
  self.pool().idle().work_pushed(self.seat().group);
}

bool fork_context::take_back_from_below(stack_job& job, task_node* newest) noexcept {
  return static_cast<worker&>(*this).take_back_from_below(job, newest);
}

void fork_context::await(stack_job& job) noexcept { static_cast<worker&>(*this).await_stolen(job); }

// What the branches before it have submitted lies above the job. None of it may be run here, so it goes to all. An older job is
// found where this worker has run the wanted one itself, inside of a wait for a group.
bool worker::take_back_from_below(stack_job& job, task_node* newest) noexcept {
  confirm_own_thread();
  const above_a_job found = take_what_lies_above(newest);
  const bool is_own = found.job == job.as_entry();
  if (found.job != nullptr && !is_own) put_back(found.job);
  give_to_all(found.tasks);
  return is_own;
}

// Down to the newest job, which comes out as well, or to the end. Until they are queued again the tasks are in the hands of
// this worker alone, which goes on running.
worker::above_a_job worker::take_what_lies_above(task_node* newest) noexcept {
  std::size_t above = 0;
  task_node* entry = newest;
  for (; entry != nullptr && !stack_job::is_in(entry); entry = deque_.pop()) batch_[above++] = entry;
  std::reverse(batch_.get(), batch_.get() + above);
  return {entry, drop_tombstones(batch_.get(), above)};
}

// So many of the batch, which came out of the deque and fit into it again if there is no memory to do better.
void worker::give_to_all(std::size_t count) noexcept {
  if (count == 0) return;
  if (!pool_.injection().enqueue(producer_, batch_.get(), count)) {
    (void)deque_.push(batch_.get(), count);
    return pool_.idle().work_pushed(seat_.group, wakes_for(count));
  }
  standard_atomics::full_fence();  // [I8]
  pool_.idle().work_arrived(seat_.group, wakes_for(count));
}

// As a worker without work: it looks for some for a while, and then sleeps, with a spare in its place. In a child that a branch
// has forked nobody will ever finish the job.
void worker::await_stolen(stack_job& job) noexcept {
  confirm_own_thread();
  if (!pool_.is_this_process()) end_forked_child();
  if (!helps_until_done(job)) sleep_until(job.state());
}

void worker::sleep_until(state_word<>& ready) noexcept {
  while (!ready.is_ready() && !wait_with_spare(ready)) work_instead(ready);
}

// For the last worker that is not blocked: those that are may wait for what is queued, and who will end this wait for one of
// them. So it goes on as a worker, on top of its wait: beyond the bound of spares that is better than to wait for ever. What it
// runs may be a stranger's, so whoever waits for a job that this worker has stolen must not rob it meanwhile. A join begins
// above the reserve of the stack, and half of that is for this.
void worker::work_instead(state_word<>& ready) noexcept {
  task_node* const entry = stack_pointer() > half_reserve_ ? find_task() : nullptr;
  if (entry == nullptr) return wait_without_spare(ready, std::chrono::steady_clock::now() + between_looks_without_spare);
  const bool before = runs_strangers_.load(std::memory_order_relaxed);
  runs_strangers_.store(true, std::memory_order_relaxed);  // seen by who sees what is pushed from here on
  run_entry(entry);
  runs_strangers_.store(before, std::memory_order_release);  // [F4] pairs with [F3]: a job that was among them is seen to be done
  ended_.tell();
}

bool worker::helps_until_done(stack_job& job) noexcept {
  return look_for_a_while(pool_.decided().spin_of(pool_.worker_count()), [&] {
    if (job.is_done()) return glance::done;
    return run_one_of_its_thief(job) ? glance::busy : glance::nothing;
  });
}

// While a thief runs a stolen job, the jobs in its deque have been forked by that one, and are ended before it is. So running
// them is part of waiting for it, and no stranger is run.
bool worker::run_one_of_its_thief(stack_job& awaited) noexcept {
  worker* const robber = awaited.thief();
  if (robber == nullptr || !robber->thief().has_work() || !has_room_to_join()) return false;
  counters_.steal_attempts.add(1);
  const steal_result<task_node> taken = robber->thief().steal_if([&](const task_node* entry) {
    // [F3] acquire, pairs with [F4]: the look whether the job is done comes afterwards.
    return stack_job::is_in(entry) && !robber->runs_strangers_.load(std::memory_order_acquire) && !awaited.is_done();
  });
  if (taken.outcome != steal_outcome::success) return false;
  counters_.stolen.add(1);
  stack_job::in(taken.item).run_stolen(*this);
  return true;
}

}  // namespace filch::inline v0_1::detail
