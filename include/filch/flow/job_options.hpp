// What can be said of a job: a task, when it may run, how often, and for how long.
#pragma once

#include <chrono>
#include <optional>

#include <filch/flow/retry_options.hpp>
#include <filch/task/task_options.hpp>

namespace filch::inline v0_1 {

class admission_gate;
class rate_limiter;

/// For designated initialisers: `filch::submit(pool, {.limiter = &limiter, .timeout = 2s}, f)`.
struct job_options {
  /// Of the task. A stop request ends also a job that waits for its next attempt; one that runs is not tried again.
  task_options task{};

  /// Default: none. The task is admitted when this has a place for it, before its limiter is asked. Must be there during the
  /// call only.
  admission_gate* gate = nullptr;

  /// Default: none. The task is queued not before the moment that this gives it, and so is each further attempt. Used during
  /// the call only, or with more attempts than one until the job is over.
  rate_limiter* limiter = nullptr;

  /// Default: one attempt.
  retry_options retry{};

  /// Default: none. How long it may take from the start of its first attempt: further attempts, and the waits in between, are
  /// part of it.
  std::optional<std::chrono::nanoseconds> timeout{};

  /// Default: none. When it has to be over, by the pool's clock. What has not been started by then never is.
  std::optional<std::chrono::steady_clock::time_point> deadline{};
};

}  // namespace filch::inline v0_1
