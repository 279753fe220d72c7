// One posted callable: nobody waits for it, so there is no result.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <stop_token>
#include <utility>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/run_callable.hpp>
#include <filch/detail/task/task_pool.hpp>

namespace filch::inline v0_1::detail {

/// A task without a future: its exception goes to the pool's hook.
template <class Call, class Stop = without_own_stop>
class posted_task final : public task_node {
 public:
  using link_type = typename Stop::link;

  template <class... Parts>
  posted_task(task_pool& pool, std::in_place_t, Parts&&... parts)
      : posted_task(pool, link_type(), std::in_place, std::forward<Parts>(parts)...) {}
  template <class... Parts>
  posted_task(task_pool& pool, link_type link, std::in_place_t, Parts&&... parts)
      : task_node(table, pool, 1 + Stop::hook::holders), link_(std::move(link)) {
    ::new (static_cast<void*>(std::addressof(call_))) Call(std::in_place, std::forward<Parts>(parts)...);
  }

  /// For the submitter.
  [[nodiscard]] typename Stop::hook& hook() noexcept { return hook_; }

 private:
  ~posted_task() {}

  static posted_task& self(task_node& node) noexcept { return static_cast<posted_task&>(node); }

  static run_outcome run(task_node& node, run_context& context) noexcept {
    posted_task& task = self(node);
    task.hook_.disarm(task);
    return run_without_result(
        context, [&] { (void)task.link_.call(context.stop, task.call_); },
        [&] { std::destroy_at(std::addressof(task.call_)); });
  }

  static void abandon(task_node& node, std::exception_ptr) noexcept {
    posted_task& task = self(node);
    task.hook_.disarm(task);
    destroy_unrun([&] { std::destroy_at(std::addressof(task.call_)); });
  }

  static void release(task_node& node) noexcept {
    posted_task* const task = &self(node);
    task->~posted_task();
    free_block(task, sizeof(posted_task), alignof(posted_task));
  }

  static constexpr task_operations table{&run, &abandon, &release, Stop::present};

  [[no_unique_address]] typename Stop::hook hook_;
  [[no_unique_address]] link_type link_;
  union {
    Call call_;
  };
};

}  // namespace filch::inline v0_1::detail
