// Making the task that a submission asks for, of the callable and its arguments, and starting it.
#pragma once

#include <type_traits>
#include <utility>

#include <filch/detail/flow/admission.hpp>
#include <filch/detail/flow/admitted_call.hpp>
#include <filch/detail/flow/job_call.hpp>
#include <filch/detail/flow/job_of.hpp>
#include <filch/detail/flow/submission.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/submitted_task.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/future.hpp>
#include <filch/time/submit_after.hpp>

namespace filch::inline v0_1::detail {

template <class F, class... Args>
inline constexpr callable_traits traits_of{
    .repeatable = callable_again<F, Args...>,
    .deliverable = std::is_void_v<task_result<F, Args...>> || std::is_reference_v<task_result<F, Args...>> ||
                   std::is_move_constructible_v<task_result<F, Args...>>};

template <class Task, class... Parts>
auto start_task(const submission& asked, Parts&&... parts) {
  Task& made = make_task<Task>(asked.pool(), typename Task::link_type(asked.task().stop), std::in_place,
                               std::forward<Parts>(parts)...);
  asked.queue(made, made.hook());
  auto result = future_access::adopt(made);
  asked.run_if_asked(made);
  return result;
}

template <class Job, class... Parts>
auto start_job(submission& asked, Parts&&... parts) {
  Job& made = make_task<Job>(asked.pool(), asked.timers(), asked.plan(), std::forward<Parts>(parts)...);
  asked.queue_job(made);
  auto result = future_access::adopt(made);
  asked.run_job_if_asked(made);
  return result;
}

template <class F, class... Args>
future<task_result<F, Args...>> start(submission& asked, F&& function, Args&&... args) {
  using result = task_result<F, Args...>;
  using call = bound_call<std::decay_t<F>, std::decay_t<Args>...>;
  constexpr bool takes_token = takes_stop_token<F, Args...>;
  switch (asked.kind()) {
    case submission_kind::job:
      if constexpr (traits_of<F, Args...>.deliverable)
        return start_job<job_of<result, job_call<std::decay_t<F>, std::decay_t<Args>...>, takes_token>>(
            asked, std::forward<F>(function), std::forward<Args>(args)...);
      break;  // refused before
    case submission_kind::delayed:
      return submit_due(asked.timers(), asked.due(), asked.task(), std::forward<F>(function), std::forward<Args>(args)...);
    case submission_kind::with_token:
      return start_task<submitted_task<result, call, with_own_stop<takes_token>>>(asked, std::forward<F>(function),
                                                                                 std::forward<Args>(args)...);
    case submission_kind::plain:
      break;
  }
  return start_task<submitted_task<result, call>>(asked, std::forward<F>(function), std::forward<Args>(args)...);
}

/// Submits what was let in, or what its submitter runs since nobody is. Without a gate the place is an empty one, so that each
/// callable makes the same kinds of tasks whatever its options: to compile them is what takes long. Copying the callable is
/// work for the holder of the place already: it may submit, too.
template <class F, class... Args>
future<task_result<F, Args...>> submit_admitted(scheduler& pool, const job_options& options, admission&& got, F&& function,
                                                Args&&... args) {
  const place_in_use inside(got.taken);
  submission asked(pool, options, got.outcome == admission_outcome::full, traits_of<F, Args...>);
  return detail::start(asked, admitted_call(std::move(got.taken)), std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace filch::inline v0_1::detail
