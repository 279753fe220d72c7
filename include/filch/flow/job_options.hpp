// What can be said of a job: a task, and when it may run.
#pragma once

#include <filch/task/task_options.hpp>

namespace filch::inline v0_1 {

class rate_limiter;

/// For designated initialisers: `filch::submit(pool, {.limiter = &limiter}, f)`.
struct job_options {
  /// Of the task.
  task_options task{};

  /// Default: none. The task is queued not before the moment that this gives it. Used during the call only.
  rate_limiter* limiter = nullptr;
};

}  // namespace filch::inline v0_1
