// Waiting for a task, from any thread. On a worker this is where the contract of get() is kept.
#pragma once

#include <chrono>
#include <type_traits>

#include <filch/detail/task/completion_list.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::inline v0_1 {

/// How a wait with a time limit ended.
enum class future_status { ready, timeout };

namespace detail {

class task_node;

enum class claim_policy {
  workers_only,  // only a worker of the task's own pool may run it in place
  any_thread     // the caller offers itself
};

/// Blocks until the task is done: by running it here when nobody has started it and the policy allows, else by waiting,
/// with a spare worker in the caller's place if the caller is a worker. Never runs another task. Throws would_deadlock,
/// too_many_blocked or forked; the task is as before then.
void wait_until_ready(task_node& task, claim_policy policy);

/// Blocks until the task is done or the deadline has passed. Never runs the task.
[[nodiscard]] future_status wait_until_ready(task_node& task, std::chrono::steady_clock::time_point deadline);

/// Runs a task that may run at any moment if nobody has started it, on a worker of its pool with room on its stack.
[[nodiscard]] bool run_in_place(task_node& task) noexcept;

/// Blocks until there is something in the caller's list, with a spare in the caller's place if that is a worker. Runs nothing.
/// Throws too_many_blocked; the list is as before then.
void wait_until_not_empty(completion_list<>& own);

/// The same for a destructor, which cannot do without: if no spare is to be had, it waits all the same. Nothing is thrown; the
/// task is not one that this thread runs, and was made by this process.
void wait_regardless(task_node& task) noexcept;
void wait_regardless(completion_list<>& own) noexcept;
void wait_regardless(state_word<>& state) noexcept;

/// For who waits for something that is not a task's end, and cannot leave before: whether it is there. Not if a spare was
/// refused; then the caller is as before.
[[nodiscard]] bool wait_with_spare(state_word<>& state) noexcept;
/// Waits for it until the deadline, without a spare.
void wait_without_spare(state_word<>& state, std::chrono::steady_clock::time_point deadline) noexcept;

/// What is so much later than `now`. A duration too long for the clock ends at its last moment, a negative one is over.
template <class Rep, class Period>
[[nodiscard]] std::chrono::steady_clock::time_point later(std::chrono::steady_clock::time_point now,
                                                          std::chrono::duration<Rep, Period> wait) {
  using clock = std::chrono::steady_clock;
  if (!(wait > wait.zero())) return now;  // what is no number counts as 0
  using seconds = std::chrono::duration<double>;
  if (std::chrono::duration_cast<seconds>(wait) >= std::chrono::duration_cast<seconds>(clock::time_point::max() - now))
    return clock::time_point::max();
  return now + std::chrono::ceil<clock::duration>(wait);
}

/// The deadline of a wait that starts now.
template <class Rep, class Period>
[[nodiscard]] std::chrono::steady_clock::time_point deadline_after(std::chrono::duration<Rep, Period> wait) {
  return later(std::chrono::steady_clock::now(), wait);
}

/// A deadline of any clock on the steady one. The difference is looked at in floating point first: a moment at the end
/// of a clock's range is further away than a duration can say.
template <class Clock, class Duration>
[[nodiscard]] std::chrono::steady_clock::time_point on_steady_clock(std::chrono::time_point<Clock, Duration> when) {
  using steady = std::chrono::steady_clock;
  using seconds = std::chrono::duration<double>;
  if constexpr (std::is_same_v<std::chrono::time_point<Clock, Duration>, steady::time_point>) return when;
  const auto now = Clock::now();
  const seconds left = seconds(when.time_since_epoch()) - seconds(now.time_since_epoch());
  constexpr seconds a_century{3.2e9};
  if (left > a_century) return steady::time_point::max();
  return left > -a_century ? deadline_after(when - now) : steady::now();
}

}  // namespace detail
}  // namespace filch::inline v0_1
