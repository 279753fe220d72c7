// The tasks of a group, seen from the worker that waits for them. The protocol is in README.md, task groups.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <filch/detail/runtime/child_count.hpp>
#include <filch/detail/runtime/fork_context.hpp>
#include <filch/detail/runtime/group_child.hpp>
#include <filch/detail/runtime/stack_job.hpp>
#include <filch/task/errors.hpp>

#include "runtime/look_for_a_while.hpp"
#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

void require_no_child(const child_count<>& of) {
  if (running_task::any_of([&](const task_node& each) { return group_child::is_one(each, of); }))
    throw would_deadlock(
        "filch: a task waits for the group that it belongs to, and so for itself: wait outside of the group, or make a group in the task");
}

void fork_context::await(child_count<>& children, std::uint64_t first) {
  static_cast<worker&>(*this).await_children(children, first);
}

// A child that runs here may add others to the deque. Those that are not there have been stolen or spilled, or were added by
// other workers.
void worker::await_children(child_count<>& children, std::uint64_t first) {
  confirm_own_thread();
  while (group_child* const own = pop_child(children, first)) run_dequeued(*own);
  ended_.tell();
  const auto look = [&] { return children.is_zero() ? glance::done : glance::nothing; };
  if (look_for_a_while(pool_.decided().spin_of(pool_.worker_count()), look)) return;
  require_no_child(children);
  while (children.begin_to_wait()) {
    sleep_until(children.state());
    children.end_wait();
  }
}

// The newest entry that is a child. What lies above it and was pushed after `first` is younger than the group, and goes to all;
// what is older stays.
group_child* worker::pop_child(const child_count<>& of, std::uint64_t first) noexcept {
  group_child* found = nullptr;
  std::size_t above = 0;
  while (found == nullptr) {
    const bool younger = static_cast<std::int64_t>(deque_.next_index() - first) > 0;
    task_node* const entry = deque_.pop();
    if (entry == nullptr) break;
    if (!stack_job::is_in(entry) && group_child::is_one(*entry, of)) {
      found = static_cast<group_child*>(entry);
    } else if (younger && !stack_job::is_in(entry)) {
      batch_[above++] = entry;
    } else {
      put_back(entry);
      break;
    }
  }
  std::reverse(batch_.get(), batch_.get() + above);
  give_to_all(above);  // tombstones as well: who drops one may run somebody's code, which may come by here
  return found;
}

// There is room: only the owner adds. It was out of sight for a moment.
void worker::put_back(task_node* entry) noexcept {
  (void)deque_.push(entry);
  pool_.idle().work_pushed(seat_.group);
}

}  // namespace filch::inline v0_1::detail
