// A handle to a pool for libraries that take an executor as a parameter, and the one place where tasks are made.
#pragma once

#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <filch/detail/task/batch.hpp>
#include <filch/detail/task/batch_builder.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/posted_task.hpp>
#include <filch/detail/task/submitted_task.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/task/future.hpp>
#include <filch/task/task_options.hpp>

namespace filch::inline v0_1 {

namespace detail {
struct executor_access;
}

/// A non-owning reference to a pool: one word to copy, nothing to destroy. The pool must outlive its use; after the
/// pool was shut down, each submission throws closed.
///
/// Thread safety: every member may be called from any thread at any time, tasks included.
class executor_ref {
 public:
  explicit executor_ref(detail::task_pool& pool) noexcept : pool_(&pool) {}

  /// Queues `function(args...)` and returns its future. Decayed copies are kept, and called as rvalues; a callable that
  /// can take a std::stop_token before its arguments is given one that is stopped by shutdown_now() and by the deadline
  /// of shutdown_for(), and by the token in its options if there is one.
  ///
  /// Blocking: never; lock-free, but for the heap when a slab needs more of it, and the standard library's lock of a token.
  /// Throws: std::invalid_argument for an empty callable; closed after the pool was shut down, unless the caller is a task of
  /// the pool while it drains; std::bad_alloc; forked; what copying or moving `function` and `args` throws. Nothing is queued
  /// then. Complexity: one allocation, up to 1 KiB from a slab.
  template <class F, class... Args>
    requires detail::submittable<F, Args...>
  future<detail::task_result<F, Args...>> submit(F&& function, Args&&... args) const {
    using call = detail::bound_call<std::decay_t<F>, std::decay_t<Args>...>;
    using task = detail::submitted_task<detail::task_result<F, Args...>, call>;
    detail::require_callable(function);
    if constexpr (detail::made_without_user_code<F, Args...>) {
      return detail::future_access::adopt(detail::make_and_enqueue<task>(
          *pool_, std::in_place, std::forward<F>(function), std::forward<Args>(args)...));
    } else {
      task& made = make<task>(std::forward<F>(function), std::forward<Args>(args)...);
      queue(made);
      return detail::future_access::adopt(made);
    }
  }

  /// The same for a task of which more is said. Of one whose token is stopped already the callable dies here.
  template <class F, class... Args>
    requires detail::submittable<F, Args...>
  future<detail::task_result<F, Args...>> submit(const task_options& options, F&& function, Args&&... args) const {
    using result = detail::task_result<F, Args...>;
    using call = detail::bound_call<std::decay_t<F>, std::decay_t<Args>...>;
    detail::require_callable(function);
    if (options.stop.stop_possible()) {
      using stop = detail::with_own_stop<detail::takes_stop_token<F, Args...>>;
      return detail::future_access::adopt(make_and_queue<detail::submitted_task<result, call, stop>>(
          options, std::forward<F>(function), std::forward<Args>(args)...));
    }
    using task = detail::submitted_task<result, call>;
    task& made = make<task>(std::forward<F>(function), std::forward<Args>(args)...);
    queue(made, options.priority);
    return detail::future_access::adopt(made);
  }

  /// Queues `function(args...)` without a future. An exception that escapes it goes to the pool's
  /// on_unhandled_exception. Otherwise as submit().
  template <class F, class... Args>
    requires detail::submittable<F, Args...>
  void post(F&& function, Args&&... args) const {
    using task = detail::posted_task<detail::bound_call<std::decay_t<F>, std::decay_t<Args>...>>;
    detail::require_callable(function);
    if constexpr (detail::made_without_user_code<F, Args...>)
      detail::make_and_enqueue<task>(*pool_, std::in_place, std::forward<F>(function), std::forward<Args>(args)...);
    else
      queue(make<task>(std::forward<F>(function), std::forward<Args>(args)...));
  }

  /// The same for a task of which more is said.
  template <class F, class... Args>
    requires detail::submittable<F, Args...>
  void post(const task_options& options, F&& function, Args&&... args) const {
    using call = detail::bound_call<std::decay_t<F>, std::decay_t<Args>...>;
    detail::require_callable(function);
    if (options.stop.stop_possible()) {
      using stop = detail::with_own_stop<detail::takes_stop_token<F, Args...>>;
      (void)make_and_queue<detail::posted_task<call, stop>>(options, std::forward<F>(function), std::forward<Args>(args)...);
    } else {
      queue(make<detail::posted_task<call>>(std::forward<F>(function), std::forward<Args>(args)...), options.priority);
    }
  }

  /// Queues `function(element)` for each element of a range and returns the futures in the order of the range. The
  /// elements are copied, or moved out of an rvalue range's values; `function` is kept once and must be callable as
  /// const, since its tasks run at the same time. All of the tasks are queued or, when this throws, none.
  ///
  /// One task an element: where an element is little work, make the elements blocks. To change elements in place pass their
  /// indices or pointers.
  ///
  /// Complexity: one allocation for the tasks, one for the returned vector, one wake-up decision. Throws
  /// std::length_error for more than 2^31 elements; otherwise as submit().
  template <std::ranges::forward_range Range, class F>
    requires detail::bulk_submittable<std::decay_t<F>, std::ranges::range_value_t<Range>>
  [[nodiscard]] auto submit_bulk(Range&& range, F&& function) const {
    return submit_batch<detail::without_own_stop>({}, std::forward<Range>(range), std::forward<F>(function));
  }

  /// The same for tasks of which more is said.
  template <std::ranges::forward_range Range, class F>
    requires detail::bulk_submittable<std::decay_t<F>, std::ranges::range_value_t<Range>>
  [[nodiscard]] auto submit_bulk(const task_options& options, Range&& range, F&& function) const {
    if (options.stop.stop_possible())
      return submit_batch<own_stop_of_bulk<Range, F>>(options, std::forward<Range>(range), std::forward<F>(function));
    return submit_batch<detail::without_own_stop>(options, std::forward<Range>(range), std::forward<F>(function));
  }

  /// As submit_bulk(), without futures; exceptions go to on_unhandled_exception.
  template <std::ranges::forward_range Range, class F>
    requires detail::bulk_submittable<std::decay_t<F>, std::ranges::range_value_t<Range>>
  void post_bulk(Range&& range, F&& function) const {
    post_batch<detail::without_own_stop>({}, std::forward<Range>(range), std::forward<F>(function));
  }

  /// The same for tasks of which more is said.
  template <std::ranges::forward_range Range, class F>
    requires detail::bulk_submittable<std::decay_t<F>, std::ranges::range_value_t<Range>>
  void post_bulk(const task_options& options, Range&& range, F&& function) const {
    if (options.stop.stop_possible())
      post_batch<own_stop_of_bulk<Range, F>>(options, std::forward<Range>(range), std::forward<F>(function));
    else
      post_batch<detail::without_own_stop>(options, std::forward<Range>(range), std::forward<F>(function));
  }

  /// Whether both refer to the same pool.
  [[nodiscard]] friend bool operator==(executor_ref, executor_ref) noexcept = default;

 private:
  friend struct detail::executor_access;

  template <class Range, class F>
  using own_stop_of_bulk =
      detail::with_own_stop<detail::bulk_takes_stop_token<std::decay_t<F>, std::ranges::range_value_t<Range>>>;

  template <class Stop, class Range, class F>
  auto submit_batch(const task_options& options, Range&& range, F&& function) const {
    using element = std::ranges::range_value_t<Range>;
    using result = detail::bulk_result<std::decay_t<F>, element>;
    std::vector<future<result>> futures;
    detail::require_callable(function);
    if (std::ranges::begin(range) == std::ranges::end(range)) {
      pool_->enqueue_with(options.priority, nullptr, 0);
      return futures;
    }
    detail::batch_builder<detail::batch_item<result, std::decay_t<F>, element, Stop>> batch(
        *pool_, options.stop, std::forward<Range>(range), std::forward<F>(function));
    futures.reserve(batch.size());
    queue<Stop>(batch, options);
    for (std::size_t i = 0; i != batch.size(); ++i) futures.push_back(detail::future_access::adopt(batch[i]));
    return futures;
  }

  template <class Stop, class Range, class F>
  void post_batch(const task_options& options, Range&& range, F&& function) const {
    using element = std::ranges::range_value_t<Range>;
    detail::require_callable(function);
    if (std::ranges::begin(range) == std::ranges::end(range)) return pool_->enqueue_with(options.priority, nullptr, 0);
    detail::batch_builder<detail::posted_batch_item<std::decay_t<F>, element, Stop>> batch(
        *pool_, options.stop, std::forward<Range>(range), std::forward<F>(function));
    queue<Stop>(batch, options);
  }

  template <class Stop, class Item>
  static void queue(detail::batch_builder<Item>& batch, const task_options& options) {
    if constexpr (Stop::present)
      batch.queue(options.priority, options.stop);
    else
      batch.queue(options.priority);
  }

  template <class Task, class F, class... Args>
  Task& make(F&& function, Args&&... args) const {
    return detail::make_task<Task>(*pool_, std::in_place, std::forward<F>(function), std::forward<Args>(args)...);
  }
  void queue(detail::task_node& made) const { detail::enqueue_made(*pool_, made); }
  void queue(detail::task_node& made, priority rank) const {
    detail::task_node* const task = &made;
    detail::discard_on_failure(made, [&] { pool_->enqueue_with(rank, &task, 1); });
  }

  // A task with a stop token of its own; apart, so that who has options without one pays little for it. What is answered may be
  // gone, unless a future holds it.
  template <class Task, class F, class... Args>
  [[gnu::noinline]] Task& make_and_queue(const task_options& options, F&& function, Args&&... args) const {
    const task_options kept = options;  // the callable may have the options with it
    Task& made = detail::make_task<Task>(*pool_, typename Task::link_type(kept.stop), std::in_place, std::forward<F>(function),
                                         std::forward<Args>(args)...);
    detail::enqueue_with_hook(*pool_, kept.priority, made, made.hook(), kept.stop);
    return made;
  }

  detail::task_pool* pool_;
};

namespace detail {

/// For who submits tasks of another kind.
struct executor_access {
  static task_pool& pool(executor_ref of) noexcept { return *of.pool_; }
};

}  // namespace detail

}  // namespace filch::inline v0_1
