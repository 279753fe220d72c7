// One posted callable: nobody waits for it, so there is no result.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <utility>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/run_callable.hpp>

namespace filch::inline v0_1::detail {

/// A task without a future: its exception goes to the pool's hook.
template <class Call>
class posted_task final : public task_node {
 public:
  template <class... Parts>
  posted_task(task_pool& owner, Parts&&... parts) : task_node(table, owner, 1) {
    ::new (static_cast<void*>(std::addressof(call_))) Call(std::forward<Parts>(parts)...);
  }

 private:
  ~posted_task() {}

  static posted_task& self(task_node& node) noexcept { return static_cast<posted_task&>(node); }

  static run_outcome run(task_node& node, run_context& context) noexcept {
    posted_task& task = self(node);
    return run_without_result(
        context, [&] { (void)task.call_(context.stop); }, [&] { std::destroy_at(std::addressof(task.call_)); });
  }

  static void abandon(task_node& node, std::exception_ptr) noexcept {
    destroy_unrun([&] { std::destroy_at(std::addressof(self(node).call_)); });
  }

  static void release(task_node& node) noexcept {
    posted_task* const task = &self(node);
    task->~posted_task();
    free_block(task, sizeof(posted_task), alignof(posted_task));
  }

  static constexpr task_operations table{&run, &abandon, &release, false};

  union {
    Call call_;
  };
};

}  // namespace filch::inline v0_1::detail
