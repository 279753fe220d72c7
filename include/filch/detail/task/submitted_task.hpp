// One submitted callable: state, result and callable in one block.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <utility>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/future_state.hpp>
#include <filch/detail/task/task_pool.hpp>

namespace filch::inline v0_1::detail {

/// Runs `call`, which fills `state.result`, then `destroy`, which ends the callable's life. What either throws becomes
/// the result: a capture's destructor may throw, too.
template <class State, class Call, class Destroy>
run_outcome run_into_result(State& state, Call&& call, Destroy&& destroy) noexcept {
  try {
    call();
  } catch (...) {
    state.result.keep_exception(std::current_exception());
  }
  try {
    destroy();
  } catch (...) {
    state.result.keep_exception(std::current_exception());
  }
  return state.result.holds_exception() ? run_outcome::exception : run_outcome::value;
}

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
        task, [&] { task.result.keep_result_of([&]() -> R { return task.call_(context.stop); }); },
        [&] { std::destroy_at(std::addressof(task.call_)); });
  }

  static void abandon(task_node& node, std::exception_ptr reason) noexcept {
    submitted_task& task = self(node);
    task.result.keep_exception(std::move(reason));
    (void)run_into_result(task, [] {}, [&] { std::destroy_at(std::addressof(task.call_)); });
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
    try {
      (void)task.call_(context.stop);
    } catch (...) {
      context.unhandled = std::current_exception();
    }
    destroy_call(task, context.unhandled);
    return context.unhandled ? run_outcome::exception : run_outcome::value;
  }

  static void abandon(task_node& node, std::exception_ptr) noexcept {
    std::exception_ptr ignored;
    destroy_call(self(node), ignored);
  }

  static void destroy_call(posted_task& task, std::exception_ptr& thrown) noexcept {
    try {
      std::destroy_at(std::addressof(task.call_));
    } catch (...) {
      thrown = std::current_exception();
    }
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
inline constexpr bool made_without_user_code = (std::is_trivially_copyable_v<std::decay_t<Parts>> && ...);

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
