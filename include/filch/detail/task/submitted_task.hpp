// One submitted callable: state, result and callable in one block, a stop token of its own if it has one, and what it needs to
// wait for its time if it is queued later.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <stop_token>
#include <utility>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/future_state.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/run_callable.hpp>
#include <filch/detail/task/task_pool.hpp>

namespace filch::inline v0_1::detail {

/// Of a task that is queued when it is submitted.
struct without_delay {
  static constexpr bool ready_to_run = true;
  struct link {
    void withdraw() const noexcept {}
  };
};

/// A task with a future. Call is invoked once with a stop token and returns R.
template <class R, class Call, class Stop = without_own_stop, class Delay = without_delay>
class submitted_task final : public future_state<R> {
 public:
  using link_type = typename Stop::link;

  template <class... Parts>
  submitted_task(task_pool& pool, std::in_place_t, Parts&&... parts)
      : submitted_task(pool, link_type(), std::in_place, std::forward<Parts>(parts)...) {}
  template <class... Parts>
  submitted_task(task_pool& pool, link_type link, std::in_place_t, Parts&&... parts)
      : future_state<R>(table, pool, 2 + Stop::hook::holders), link_(std::move(link)) {
    ::new (static_cast<void*>(std::addressof(call_))) Call(std::in_place, std::forward<Parts>(parts)...);
  }
  template <class Timers, class... Parts>
  submitted_task(task_pool& pool, const Timers& by, priority rank, link_type link, std::in_place_t, Parts&&... parts)
      : future_state<R>(table, pool, 2 + Stop::hook::holders), delay_(by, rank), link_(std::move(link)) {
    ::new (static_cast<void*>(std::addressof(call_))) Call(std::in_place, std::forward<Parts>(parts)...);
  }

  /// For the submitter.
  [[nodiscard]] typename Delay::link& waiting() noexcept { return delay_; }
  [[nodiscard]] typename Stop::hook& hook() noexcept { return hook_; }

 private:
  ~submitted_task() {}

  static submitted_task& self(task_node& node) noexcept { return static_cast<submitted_task&>(node); }

  static run_outcome run(task_node& node, run_context& context) noexcept {
    submitted_task& task = self(node);
    task.hook_.disarm(task);
    return run_into_result(
        task, context,
        [&] { task.result.keep_result_of([&]() -> R { return task.link_.call(context.stop, task.call_); }); },
        [&] { std::destroy_at(std::addressof(task.call_)); });
  }

  static void abandon(task_node& node, std::exception_ptr reason) noexcept {
    submitted_task& task = self(node);
    task.delay_.withdraw();
    task.hook_.disarm(task);
    abandon_into_result(task, std::move(reason), [&] { std::destroy_at(std::addressof(task.call_)); });
  }

  static void release(task_node& node) noexcept {
    submitted_task* const task = &self(node);
    task->~submitted_task();
    free_block(task, sizeof(submitted_task), alignof(submitted_task));
  }

  static constexpr task_operations table{&run, &abandon, &release, true, Delay::ready_to_run};

  [[no_unique_address]] typename Delay::link delay_;
  [[no_unique_address]] typename Stop::hook hook_;
  [[no_unique_address]] link_type link_;
  union {
    Call call_;  // alive until run or abandoned
  };
};

}  // namespace filch::inline v0_1::detail
