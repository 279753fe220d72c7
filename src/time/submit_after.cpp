// What is left of submit_after() and submit_at() when the task has been made.
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/time/delay.hpp>

#include "time/timers.hpp"

namespace filch::inline v0_1::detail {

void delay::submit(task_node& task, stop_hook<task_node>& hook, const std::stop_token& stop, steady_time due) {
  queue_with_hook(task, task, hook, stop, [&] {
    pool_.reserve(rank_);
    start(task, due);
  });
}

}  // namespace filch::inline v0_1::detail
