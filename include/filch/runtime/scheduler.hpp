// The pool of workers: submit lambdas, get futures.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <ranges>
#include <string>
#include <utility>

#include <filch/base/version.hpp>
#include <filch/probe/metrics.hpp>
#include <filch/runtime/scheduler_options.hpp>
#include <filch/runtime/shutdown_counts.hpp>
#include <filch/task/executor_ref.hpp>
#include <filch/task/future.hpp>
#include <filch/task/task_options.hpp>

namespace filch::inline v0_1 {

namespace detail {
class pool_core;
struct scheduler_access;
}

/// A pool of worker threads that steal work from each other.
///
/// Thread safety: every member but the destructor may be called from any thread at any time, tasks included. In a child
/// made by fork() submissions and waits throw forked, and the destructor does nothing.
///
/// ```
/// filch::scheduler pool;
/// auto answer = pool.submit([] { return 6 * 7; });
/// assert(answer.get() == 42);
/// ```
class scheduler {
 public:
  /// Starts the workers and waits until each is in its place and has run on_worker_start.
  ///
  /// Blocking: some milliseconds the first time, while the machine is looked at; some 50 us a worker. Throws:
  /// std::invalid_argument for an option or a FILCH_WORKERS that makes no sense; std::system_error when a thread cannot
  /// be created; std::runtime_error when the machine cannot be looked at; std::bad_alloc; what on_worker_start throws. No
  /// thread is left running then.
  explicit scheduler(scheduler_options options = {}) : core_(make_core(std::move(options))) {
    detail::archive_is_filch_0_1_0();
  }

  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// As shutdown(). Inside one of the pool's own tasks or hooks this terminates the program: it would wait for itself.
  ~scheduler();

  /// Queues `function(args...)` and returns its future; see executor_ref::submit.
  template <class F, class... Args>
    requires detail::submittable<F, Args...>
  future<detail::task_result<F, Args...>> submit(F&& function, Args&&... args) {
    return executor().submit(std::forward<F>(function), std::forward<Args>(args)...);
  }

  /// The same for a task of which more is said: `pool.submit({.priority = filch::priority::high}, f)`.
  template <class F, class... Args>
    requires detail::submittable<F, Args...>
  future<detail::task_result<F, Args...>> submit(const task_options& options, F&& function, Args&&... args) {
    return executor().submit(options, std::forward<F>(function), std::forward<Args>(args)...);
  }

  /// Queues `function(args...)` without a future; see executor_ref::post.
  template <class F, class... Args>
    requires detail::submittable<F, Args...>
  void post(F&& function, Args&&... args) {
    executor().post(std::forward<F>(function), std::forward<Args>(args)...);
  }

  /// The same for a task of which more is said.
  template <class F, class... Args>
    requires detail::submittable<F, Args...>
  void post(const task_options& options, F&& function, Args&&... args) {
    executor().post(options, std::forward<F>(function), std::forward<Args>(args)...);
  }

  /// Queues `function(element)` for each element of a range and returns their futures, a std::vector<future<R>>; see
  /// executor_ref::submit_bulk.
  template <std::ranges::forward_range Range, class F>
    requires detail::bulk_submittable<std::decay_t<F>, std::ranges::range_value_t<Range>>
  [[nodiscard]] auto submit_bulk(Range&& range, F&& function) {
    return executor().submit_bulk(std::forward<Range>(range), std::forward<F>(function));
  }

  /// The same for tasks of which more is said.
  template <std::ranges::forward_range Range, class F>
    requires detail::bulk_submittable<std::decay_t<F>, std::ranges::range_value_t<Range>>
  [[nodiscard]] auto submit_bulk(const task_options& options, Range&& range, F&& function) {
    return executor().submit_bulk(options, std::forward<Range>(range), std::forward<F>(function));
  }

  /// As submit_bulk(), without futures; see executor_ref::post_bulk.
  template <std::ranges::forward_range Range, class F>
    requires detail::bulk_submittable<std::decay_t<F>, std::ranges::range_value_t<Range>>
  void post_bulk(Range&& range, F&& function) {
    executor().post_bulk(std::forward<Range>(range), std::forward<F>(function));
  }

  /// The same for tasks of which more is said.
  template <std::ranges::forward_range Range, class F>
    requires detail::bulk_submittable<std::decay_t<F>, std::ranges::range_value_t<Range>>
  void post_bulk(const task_options& options, Range&& range, F&& function) {
    executor().post_bulk(options, std::forward<Range>(range), std::forward<F>(function));
  }

  /// Blocks until there is a moment at which every task that was submitted has finished, also what waits for its time; not what
  /// is repeated, between two calls. Tasks that others submit meanwhile count too. Throws would_deadlock inside one of the
  /// pool's own tasks or hooks; too_many_blocked on a worker of another pool, as future::get(); forked.
  void wait_idle();

  /// Takes no more work from outside, runs everything that was submitted, tasks submitted by tasks and what waits for its time
  /// included, ends what is repeated, whose callables may die on this thread, and ends the workers. Every future is ready
  /// afterwards.
  ///
  /// May be called again and from several threads: each call returns when the pool has ended. Inside one of the pool's own
  /// tasks or hooks it closes the pool and returns at once. Throws forked.
  shutdown_counts shutdown();

  /// As shutdown(), but at the deadline it stops the tokens of tasks that took one, cancels what is still queued, and
  /// returns without waiting for what runs; the destructor waits for that. Stop callbacks, and the destructors of what
  /// cancelled tasks have captured, run on the calling thread or on a worker. Throws std::invalid_argument when `limit`
  /// is negative; forked.
  template <class Rep, class Period>
  shutdown_counts shutdown_for(std::chrono::duration<Rep, Period> limit) {
    require_not_negative(!(limit >= limit.zero()));
    return shutdown_until(detail::deadline_after(limit));
  }

  /// Takes no more work, stops the tokens, cancels what is queued, and returns without waiting for what runs; the
  /// destructor waits for that. Cancelled futures throw task_cancelled. What a worker has queued above a branch of a join that
  /// it is inside of is cancelled when that branch has been taken. What runs on the calling thread: as shutdown_for(). Throws
  /// forked.
  shutdown_counts shutdown_now();

  /// Makes the pool larger or smaller: `workers` is 1 to scheduler_options::max_workers. Workers that come are at work at once.
  /// Those that go finish the task they run, and give what they have queued to the others; their threads sleep until they
  /// are needed again. No task is lost, and none waits for it.
  ///
  /// Blocking: some 50 us for each thread that is not there yet; another resize() meanwhile waits. Throws std::invalid_argument
  /// for a number out of range; std::system_error when a thread cannot be created, and std::bad_alloc: the pool has the size it
  /// had then; closed; forked.
  void resize(std::int64_t workers);

  /// How many workers there are, spares not counted: what was last asked for. Some more may run until their task is over. Never
  /// blocks.
  [[nodiscard]] unsigned worker_count() const noexcept;

  /// How many workers resize() may ask for at most. Never blocks.
  [[nodiscard]] unsigned max_worker_count() const noexcept;

  /// What the workers have counted so far. Never blocks them. Throws std::bad_alloc.
  [[nodiscard]] pool_metrics metrics() const;

  /// What was decided about size and place, and why: two lines, then one a worker and one a spare that was ever needed. For
  /// people. Never blocks. Throws
  /// std::bad_alloc.
  [[nodiscard]] std::string describe() const;

  /// A handle to hand to libraries. It must not be used after the pool is gone.
  [[nodiscard]] executor_ref executor() const noexcept { return executor_ref(*pool_); }

 private:
  friend struct detail::scheduler_access;

  struct core_deleter {
    void operator()(detail::pool_core* core) const noexcept;
  };
  using core_pointer = std::unique_ptr<detail::pool_core, core_deleter>;

  static core_pointer make_core(scheduler_options&& options);
  static detail::task_pool* as_task_pool(detail::pool_core* core) noexcept;
  static void require_not_negative(bool negative);
  shutdown_counts shutdown_until(std::chrono::steady_clock::time_point deadline);

  core_pointer core_;
  detail::task_pool* const pool_ = as_task_pool(core_.get());
};

}  // namespace filch::inline v0_1
