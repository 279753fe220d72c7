// A task that a group counts. Nobody else knows it, so it is not claimed; who has dequeued it calls it, and counts it for the
// group in the end.
#pragma once

#include <filch/detail/runtime/child_count.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/detail/task/task_pool.hpp>

namespace filch::inline v0_1::detail {

class group_child : public task_node {
 public:
  /// Whether a task is a child of the group.
  [[nodiscard]] static bool is_one(const task_node& task, const child_count<>& of_group) noexcept {
    return task.operations->in_group && &static_cast<const group_child&>(task).siblings_ == &of_group;
  }

 protected:
  group_child(const task_operations& table, task_pool& pool, child_count<>& siblings) noexcept
      : task_node(table, pool, 1), siblings_(siblings) {}
  ~group_child() = default;

  [[nodiscard]] child_count<>& siblings() noexcept { return siblings_; }

 private:
  child_count<>& siblings_;
};

/// Throws would_deadlock if the calling thread runs one of those that it is about to wait for.
void require_no_child(const child_count<>& of);

}  // namespace filch::inline v0_1::detail
