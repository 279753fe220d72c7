// Making a group, and waiting for its tasks.
#include <filch/fork_join/task_group.hpp>

#include <exception>

#include <filch/detail/base/process_generation.hpp>
#include <filch/detail/fork_join/elsewhere.hpp>
#include <filch/detail/runtime/group_child.hpp>
#include <filch/detail/task/wait.hpp>
#include <filch/task/errors.hpp>

#include "task/same_process.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1 {

namespace {

using detail::fork_context;
using detail::this_thread_forks;

// Not the calling worker's: in get(filch::help) it runs a task of another pool's.
executor_ref pool_of_running_task() {
  const detail::task_node* const running = detail::running_task::innermost();
  if (running != nullptr) return executor_ref(running->owner->pool());
  throw no_pool("filch: a task_group was made outside of a task, so it knows no pool: make it with one, task_group group(pool)");
}

/// The calling thread, if it is a worker of the pool.
fork_context* own_forks(detail::task_pool& pool) noexcept {
  fork_context* const own = this_thread_forks;
  return own != nullptr && own->pool() == executor_ref(pool) ? own : nullptr;
}

}  // namespace

static_assert(sizeof(task_group) == detail::cache_line);

task_group::task_group() : task_group(pool_of_running_task()) {}

task_group::task_group(executor_ref pool) noexcept
    : pool_(detail::executor_access::pool(pool)),
      made_on_(own_forks(pool_)),
      first_(made_on_ == nullptr ? 0 : made_on_->next_index()) {}

// What has been queued uses the caller's stack as a rule, so there is no way out before it has ended. In a child of fork()
// there is nobody who could end it, and nobody who could touch it.
task_group::~task_group() {
  if (state_.generation() != detail::process_generation()) return;
  if (!state_.is_zero()) wait_in_destructor();
  if (state_.end().was_thrown) pool_.count_dropped_exception();
}

// On the last worker that is not blocked, with little stack left and without a spare, only what is dropped can end here.
void task_group::wait_in_destructor() {
  detail::require_no_child(state_);
  if (is_wait_over()) return;
  cancel();
  fork_context* const own = own_forks(pool_);
  if (own != nullptr)
    await_on(*own);
  else
    sleep_until_zero();
}

bool task_group::is_wait_over() noexcept {
  try {
    wait_until_zero();
  } catch (const std::exception&) {  // too_many_blocked, or no memory to say so
    return false;
  }
  return true;
}

group_outcome task_group::wait() {
  detail::require_same_process(state_.generation());
  wait_until_zero();
  const detail::group_state::ending how = state_.end();
  if (how.reason != nullptr) std::rethrow_exception(how.reason);
  return how.cancelled ? group_outcome::cancelled : group_outcome::complete;
}

void task_group::cancel() noexcept { state_.cancel(); }

bool task_group::is_cancelled() const noexcept { return state_.is_cancelled(); }

void task_group::wait_until_zero() {
  if (state_.is_zero()) return;
  fork_context* const own = own_forks(pool_);
  if (own != nullptr && own->has_room_to_join()) return await_on(*own);
  if (own != nullptr) own->ended().tell();
  detail::require_no_child(state_);
  const detail::wait_on_own_stack counted;
  sleep_until_zero();
}

void task_group::await_on(fork_context& own) {
  own.await(state_, &own == made_on_ ? first_ : own.next_index());
}

void task_group::sleep_until_zero() noexcept {
  while (state_.begin_to_wait()) {
    detail::wait_regardless(state_.state());
    state_.end_wait();
  }
}

}  // namespace filch::inline v0_1
