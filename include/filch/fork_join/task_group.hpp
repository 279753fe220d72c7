// Any number of tasks that are awaited together.
#pragma once

#include <cstdint>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/base/cache_line.hpp>
#include <filch/detail/fork_join/group_task.hpp>
#include <filch/detail/runtime/fork_context.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/executor_ref.hpp>

namespace filch::inline v0_1 {

/// How a wait for a group ended.
enum class group_outcome {
  complete,  // all of its tasks have run
  cancelled  // cancel() came: some may not have been called
};

/// Tasks that are awaited together, as many as become known by and by. One that throws cancels those that have not begun.
///
/// ```
/// void visit(const directory& of) {
///   filch::task_group group;
///   for (const directory& each : of.children) group.run([&] { visit(each); });
///   group.wait();
/// }
/// ```
///
/// Declare it after what its tasks use, so that its destructor, which waits, comes first. It may be used again after wait().
/// Its size is a cache line; the pool must outlive it. For functions that are all known at once join() is faster, and has their
/// results. A group inside of a cancelled group's task is not cancelled: a task that runs long asks is_cancelled().
///
/// Thread safety: run(), cancel() and is_cancelled() from any thread, as long as the group is there; but from when one
/// thread has begun to wait() others may call run() only while one of its tasks has not ended, as these themselves may. One
/// thread at a time waits.
class alignas(detail::cache_line) task_group {
 public:
  /// In the pool whose task the calling thread runs. Throws no_pool outside of a task: give it the pool then.
  task_group();
  /// In this pool. Any thread.
  explicit task_group(executor_ref pool) noexcept;
  explicit task_group(scheduler& pool) noexcept : task_group(pool.executor()) {}

  /// Waits as wait() does, so none of its tasks may destroy it. An exception that nobody has asked for is counted in
  /// pool_metrics::dropped_exceptions. If the wait is refused what has not begun is not called. In a child process it returns
  /// at once.
  ~task_group();

  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// Queues `function(args...)`, decayed copies that are called as rvalues, in this group. A callable that can take a
  /// std::stop_token before its arguments is given one that is stopped by cancel() as well as by shutdown_now(). In a group
  /// that has been cancelled it will not be called. What it returns is dropped.
  ///
  /// Blocking: never. Throws: std::invalid_argument for an empty callable; closed after the pool was shut down, unless the
  /// caller is a task of the pool while it drains; std::bad_alloc; forked; what copying or moving `function` and `args` throws.
  /// Nothing is queued then. Complexity: one allocation from a slab; for a callable that takes a token some from the heap.
  template <class F, class... Args>
    requires detail::submittable<F, Args...>
  void run(F&& function, Args&&... args) {
    using call = detail::bound_call<std::decay_t<F>, std::decay_t<Args>...>;
    detail::require_callable(function);
    if constexpr (detail::takes_stop_token<F, Args...>)
      queue<detail::group_task<call, detail::joined_stop>>(state_.stop_token(), std::forward<F>(function),
                                                           std::forward<Args>(args)...);
    else
      queue<detail::group_task<call, detail::pool_stop>>(std::forward<F>(function), std::forward<Args>(args)...);
  }

  /// Returns when all tasks of the group have ended, those as well that its tasks add. On a worker of the pool the calling
  /// thread runs those that are the newest in its own deque, and no other task (if it is the last worker that is not blocked
  /// and no spare is to be had, it runs what there is); then it looks for as long as a worker without work, and sleeps with a
  /// spare in its place.
  ///
  /// Blocking: until then. Throws: what a task threw, of several the one that came first (the others are counted as dropped);
  /// task_cancelled, if a shutdown has ended tasks that had not begun. Then, and when it returns, all have ended and the group
  /// is as new; but a cancel() that comes at the end of the wait may be one of what is run next. would_deadlock in a task of
  /// this group; too_many_blocked or std::bad_alloc without a spare on a worker with little stack left, and on one of another
  /// pool; forked in a child process: then the group goes on, and some of its tasks may have run.
  group_outcome wait();

  /// Tasks that have not begun will not be called, also those that are added before wait() returns; stop tokens of those that
  /// have are stopped, by whoever cancels first, on whose thread their callbacks run. Does nothing in a child process.
  /// Blocking: never, but for the standard library's lock of a token.
  void cancel() noexcept;

  /// Whether it was cancelled since the last wait(), or a task has thrown: for tasks that want to end early.
  [[nodiscard]] bool is_cancelled() const noexcept;

 private:
  template <class Task, class... Parts>
  void queue(Parts&&... parts) {
    if constexpr (detail::made_without_user_code<Parts...>) {
      count_while([&] { (void)detail::make_and_enqueue<Task>(pool_, &state_, std::forward<Parts>(parts)...); });
    } else {
      Task& made = detail::make_task<Task>(pool_, &state_, std::forward<Parts>(parts)...);
      count_while([&] { detail::enqueue_made(pool_, made); });
    }
  }

  // Before it is queued, since it may end at any moment afterwards.
  template <class Queue>
  void count_while(Queue&& queue_it) {
    detail::fork_context* const own = detail::this_thread_forks;
    if (own == nullptr || !own->ended().replace(state_)) state_.add();
    try {
      queue_it();
    } catch (...) {
      state_.remove(1);
      throw;
    }
  }

  void wait_in_destructor();
  bool is_wait_over() noexcept;
  void wait_until_zero();
  void await_on(detail::fork_context& own);
  void sleep_until_zero() noexcept;

  detail::group_state state_;
  detail::task_pool& pool_;
  const detail::fork_context* const made_on_;  // the worker's, or nullptr
  const std::uint64_t first_;                  // where its deque ended then
};

}  // namespace filch::inline v0_1
