// Making a task in a block of its pool, alone or as a part of its submission.
#pragma once

#include <cstddef>
#include <new>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/cancel.hpp>
#include <filch/detail/task/stop_hook.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/task/priority.hpp>

namespace filch::inline v0_1::detail {

/// Makes a task in a block of the pool. What the construction throws comes through, with the block given back.
template <class Task, class... Parts>
[[nodiscard]] Task& make_task(task_pool& pool, Parts&&... parts) {
  void* const block = pool.allocate(sizeof(Task), alignof(Task));
  try {
    return *::new (block) Task(pool, std::forward<Parts>(parts)...);
  } catch (...) {
    free_block(block, sizeof(Task), alignof(Task));
    throw;
  }
}

/// Whether a task of these parts is made without running anybody's code: then it may be made in the middle of a
/// submission.
template <class... Parts>
inline constexpr bool made_without_user_code =
    ((std::is_trivially_copyable_v<std::decay_t<Parts>> && std::is_trivially_constructible_v<std::decay_t<Parts>, Parts>) && ...);

/// Runs `queue()`; when it throws, ends the task, all of whose references are here. Nobody will ask for its result.
template <class Queue>
void discard_on_failure(task_node& made, Queue&& queue) {
  try {
    queue();
  } catch (...) {
    made.operations->abandon(made, nullptr);
    made.operations->release(made);
    throw;
  }
}

/// Queues a task that was made, all of whose references are here. Throws as task_pool::enqueue, and it is gone then.
inline void enqueue_made(task_pool& pool, task_node& made) {
  task_node* const task = &made;
  discard_on_failure(made, [&] { pool.enqueue(&task, 1); });
}

/// As discard_on_failure() for a task that has a hook for a stop token: it is armed before, and handed over or withdrawn
/// afterwards. `made` is what the hook claims, `node` the task.
template <class Task, class Hook, class Queue>
void queue_with_hook(Task& made, task_node& node, Hook& hook, const std::stop_token& stop, Queue&& queue) {
  hook.arm(made, stop);
  discard_on_failure(node, [&] {
    try {
      queue();
    } catch (...) {
      hook.withdraw();
      throw;
    }
  });
  hook.hand_over(made);
}

/// Queues a task with a hook for a stop token, all of whose references but the hook's are here. Throws as
/// task_pool::enqueue_with, and it is gone then.
inline void enqueue_with_hook(task_pool& pool, priority rank, task_node& made, stop_hook<task_node>& hook,
                              const std::stop_token& stop) {
  task_node* const task = &made;
  queue_with_hook(made, made, hook, stop, [&] { pool.enqueue_with(rank, &task, 1); });
}

/// Makes a task and queues it, in one step of the pool. Throws as task_pool::enqueue.
template <class Task, class... Parts>
Task& make_and_enqueue(task_pool& pool, Parts&&... parts) {
  auto make = [&](void* block) noexcept -> task_node* { return ::new (block) Task(pool, std::forward<Parts>(parts)...); };
  using maker = decltype(make);
  return static_cast<Task&>(pool.make_and_enqueue(
      sizeof(Task), alignof(Task), [](void* context, void* block) noexcept { return (*static_cast<maker*>(context))(block); },
      &make));
}

}  // namespace filch::inline v0_1::detail
