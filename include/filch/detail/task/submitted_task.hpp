// One submitted callable: state, result and callable in one block.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <utility>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/future_state.hpp>
#include <filch/detail/task/run_callable.hpp>

namespace filch::inline v0_1::detail {

/// A task with a future. Call is invoked once with the pool's stop token and returns R.
template <class R, class Call>
class submitted_task final : public future_state<R> {
 public:
  template <class... Parts>
  submitted_task(task_pool& owner, Parts&&... parts) : future_state<R>(table, owner, 2) {
    ::new (static_cast<void*>(std::addressof(call_))) Call(std::forward<Parts>(parts)...);
  }

 private:
  ~submitted_task() {}

  static submitted_task& self(task_node& node) noexcept { return static_cast<submitted_task&>(node); }

  static run_outcome run(task_node& node, run_context& context) noexcept {
    submitted_task& task = self(node);
    return run_into_result(
        task, context, [&] { task.result.keep_result_of([&]() -> R { return task.call_(context.stop); }); },
        [&] { std::destroy_at(std::addressof(task.call_)); });
  }

  static void abandon(task_node& node, std::exception_ptr reason) noexcept {
    submitted_task& task = self(node);
    abandon_into_result(task, std::move(reason), [&] { std::destroy_at(std::addressof(task.call_)); });
  }

  static void release(task_node& node) noexcept {
    submitted_task* const task = &self(node);
    task->~submitted_task();
    free_block(task, sizeof(submitted_task), alignof(submitted_task));
  }

  static constexpr task_operations table{&run, &abandon, &release, true};

  union {
    Call call_;  // alive until run or abandoned
  };
};

}  // namespace filch::inline v0_1::detail
