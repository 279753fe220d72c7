// One task of a group: what is called, and how it tells the group of its end.
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <new>
#include <stop_token>
#include <utility>

#include <filch/detail/fork_join/group_state.hpp>
#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/runtime/fork_context.hpp>
#include <filch/detail/runtime/group_child.hpp>
#include <filch/detail/task/exception_tally.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/run_callable.hpp>
#include <filch/detail/task/task_pool.hpp>

namespace filch::inline v0_1::detail {

template <class Call, class Link>
class group_task final : public group_child {
 public:
  template <class... Parts>
    requires std::same_as<Link, pool_stop>
  group_task(task_pool& pool, group_state* group, Parts&&... parts) : group_child(table, pool, *group) {
    ::new (static_cast<void*>(std::addressof(call_))) Call(std::in_place, std::forward<Parts>(parts)...);
  }
  template <class... Parts>
    requires std::same_as<Link, joined_stop>
  group_task(task_pool& pool, group_state* group, const std::stop_token& of_group, Parts&&... parts)
      : group_child(table, pool, *group), link_(of_group) {
    ::new (static_cast<void*>(std::addressof(call_))) Call(std::in_place, std::forward<Parts>(parts)...);
  }

 private:
  ~group_task() {}

  static group_task& self(task_node& node) noexcept { return static_cast<group_task&>(node); }
  group_state& group() noexcept { return static_cast<group_state&>(siblings()); }
  auto destruction() noexcept {
    return [this] { std::destroy_at(std::addressof(call_)); };
  }

  // On a worker: nobody else has it.
  static run_outcome run(task_node& node, run_context& context) noexcept {
    group_task& task = self(node);
    group_state& group = task.group();
    ended_children<>& ended = this_thread_forks->ended();
    ended.begin(group);
    run_outcome outcome = run_outcome::not_called;
    if (group.is_cancelled()) [[unlikely]]
      destroy_unrun(task.destruction());
    else
      outcome = task.call(group, context);
    ended.count(group);
    return outcome;
  }

  run_outcome call(group_state& group, run_context& context) noexcept {
    const run_outcome outcome =
        run_without_result(context, [&] { (void)link_.call(context.stop, call_); }, destruction());
    if (outcome == run_outcome::exception) [[unlikely]]
      if (!group.fail(std::exchange(context.unhandled, nullptr), group_state::failure::thrown)) context.tally.count_dropped();
    return outcome;
  }

  // By whoever cancels, also a worker of another pool, who must not keep the end to itself. Without a reason it was not queued,
  // and is not counted.
  static void abandon(task_node& node, std::exception_ptr reason) noexcept {
    group_task& task = self(node);
    group_state& group = task.group();
    destroy_unrun(task.destruction());
    if (reason == nullptr) return;
    if (!group.is_cancelled()) (void)group.fail(std::move(reason), group_state::failure::never_begun);
    group.remove(1);
  }

  static void release(task_node& node) noexcept {
    group_task* const task = &self(node);
    task->~group_task();
    free_block(task, sizeof(group_task), alignof(group_task));
  }

  static constexpr task_operations table{.run = &run,
                                         .abandon = &abandon,
                                         .release = &release,
                                         .claimable = false,
                                         .in_group = true};

  [[no_unique_address]] Link link_;
  union {
    Call call_;  // alive until run or abandoned
  };
};

}  // namespace filch::inline v0_1::detail
