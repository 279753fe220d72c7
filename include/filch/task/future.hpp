// The result of a submitted task, to be had once.
#pragma once

#include <chrono>
#include <type_traits>
#include <utility>

#include <filch/detail/task/cancel.hpp>
#include <filch/detail/task/future_state.hpp>
#include <filch/detail/task/wait.hpp>
#include <filch/task/errors.hpp>

namespace filch::inline v0_1 {

/// The type of filch::help.
struct help_t {
  explicit help_t() = default;
};

/// `future.get(filch::help)`: the caller, whatever thread it is, runs the task itself if nobody has started it.
inline constexpr help_t help{};

namespace detail {
struct future_access;
[[noreturn]] void throw_no_state(const char* operation);
}  // namespace detail

/// What a task will return or throw. Move-only; its destructor neither waits nor cancels: a task whose future is dropped
/// runs all the same. An exception that no get() has rethrown when its future is dropped is counted in
/// pool_metrics::dropped_exceptions.
///
/// A future may outlive its pool: the pool's shutdown makes every future ready.
///
/// Thread safety: one thread at a time uses a future object.
///
/// Waiting on a worker: get() and wait() on a worker of the task's own pool run the task in place if nobody has started
/// it. Otherwise, or when its stack is nearly full, the worker blocks and a spare takes its place: even one worker is
/// enough for any nesting that fits the stacks of its pool's workers and spares. No other task ever runs inside them, so
/// a lock held over get() meets the awaited task only. What waits for its time, and what is repeated, runs in place nowhere:
/// who waits for it blocks.
template <class R>
class [[nodiscard]] future {
 public:
  using value_type = R;

  /// A future without a task.
  future() noexcept = default;
  future(future&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  future& operator=(future&& other) noexcept {
    future moved(std::move(other));
    std::swap(state_, moved.state_);
    return *this;
  }
  ~future() {
    if (state_ == nullptr) return;
    // A result dies with its future, here: the task's entry may still lie in a queue, and whoever finds it there must not
    // run a stranger's destructor. Once the task is ready nobody else touches the result.
    if (state_->state.is_ready()) state_->discard_result();
    state_->drop_reference();
  }

  /// Waits, then returns the result or rethrows what the task threw; the future is empty afterwards.
  ///
  /// Blocking: until the task is done. Throws: what the task threw; timed_out or retries_exhausted of a job; task_cancelled
  /// when the pool was told to stop before the task ran, or cancel() or a stop request came in time; no_future_state;
  /// would_deadlock when the task is running below this very call; too_many_blocked when a worker would have to block that is
  /// the last one not blocked, and every spare is in use or could not be started; forked. After the last four the future is as
  /// it was.
  R get() { return get_by(detail::claim_policy::workers_only); }

  /// The same, but any thread may run the task in place.
  R get(help_t) { return get_by(detail::claim_policy::any_thread); }

  /// Waits as get() does and leaves the result where it is. Throws no_future_state, would_deadlock, too_many_blocked,
  /// forked.
  void wait() const { detail::wait_until_ready(state("wait"), detail::claim_policy::workers_only); }

  /// Waits no longer than `limit`; a limit of zero or less only looks. Never runs the task, since that could take
  /// longer: a worker that waits is replaced by a spare. Throws as wait().
  template <class Rep, class Period>
  [[nodiscard]] future_status wait_for(std::chrono::duration<Rep, Period> limit) const {
    return detail::wait_until_ready(state("wait_for"), detail::deadline_after(limit));
  }

  /// Waits no longer than until `deadline`, which is turned into a moment of the steady clock at the call. Throws as
  /// wait().
  template <class Clock, class Duration>
  [[nodiscard]] future_status wait_until(std::chrono::time_point<Clock, Duration> deadline) const {
    return detail::wait_until_ready(state("wait_until"), detail::on_steady_clock(deadline));
  }

  /// Sees to it that the task never runs, if it has not been started, and says whether that was in time. When it was, the
  /// callable and its captures have been destroyed by this thread, but for what a bulk shares, which goes with its last
  /// task; the future is ready, and get() throws task_cancelled, or what one of their destructors threw, or std::bad_alloc
  /// where there was no memory for the sentence. When it was not, because the task runs, is done or was cancelled before,
  /// nothing has changed. A task that runs is not told.
  ///
  /// Blocking: never, but for these destructors, the lock of a stop token, and of the timers where it waits for its time;
  /// otherwise as a submission from outside. The block of a cancelled task goes back when a worker comes by its entry in the
  /// queue. Throws no_future_state, forked. For a future of submit_every() see there.
  bool cancel() { return detail::cancel_if_queued(state("cancel")); }

  /// Whether get() would return at once. Never blocks. Throws no_future_state.
  [[nodiscard]] bool ready() const { return state("ready").state.is_ready(); }

  /// Whether there is a task: true from submit() until get(). Never blocks.
  [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }

 private:
  friend struct detail::future_access;

  explicit future(detail::future_state<R>& adopted) noexcept : state_(&adopted) {}

  detail::future_state<R>& state(const char* operation) const {
    if (state_ == nullptr) detail::throw_no_state(operation);
    return *state_;
  }

  R get_by(detail::claim_policy policy) {
    static_assert(std::is_void_v<R> || std::is_reference_v<R> || std::is_move_constructible_v<R>,
                  "filch: get() moves the result out, so it must be movable: return a std::unique_ptr to it instead");
    detail::wait_until_ready(state("get"), policy);
    const future emptied(std::move(*this));
    return emptied.state_->result.take();
  }

  detail::future_state<R>* state_ = nullptr;
};

namespace detail {

/// How the makers of tasks make futures.
struct future_access {
  /// Takes over one reference.
  template <class R>
  static future<R> adopt(future_state<R>& state) noexcept {
    return future<R>(state);
  }

  /// The task of a future that has one.
  template <class R>
  static future_state<R>& state(const future<R>& of) noexcept {
    return *of.state_;
  }
};

}  // namespace detail
}  // namespace filch::inline v0_1
