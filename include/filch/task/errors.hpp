// The errors of pools and futures. Bad arguments and a lack of memory or threads are standard exceptions, named at each
// function. what() is a sentence with the remedy.
#pragma once

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace filch::inline v0_1 {

class closed;

/// The base of what filch throws by itself.
class error : public std::runtime_error {
 public:
  using closed = filch::closed;
  using std::runtime_error::runtime_error;
};

/// A task was submitted to a pool that takes no more.
class closed final : public error {
 public:
  using error::error;
};

/// No place was free at an admission gate that rejects.
class rejected final : public error {
 public:
  using error::error;
};

/// The task was still queued when its pool was told to stop, its future was cancelled, or the stop token in its options was
/// stopped: it never ran, or not again if it is a job that waited for its next attempt. Or a loop has left out a part of its
/// work, since its stop token was stopped.
class task_cancelled final : public error {
 public:
  using error::error;
};

/// The base of what a job throws instead of what its attempts threw.
class job_error : public error {
 public:
  job_error(const std::string& what, std::vector<std::exception_ptr> errors)
      : error(what), errors_(std::make_shared<const std::vector<std::exception_ptr>>(std::move(errors))) {}

  /// What each attempt threw that has failed, the first one first.
  [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept { return *errors_; }

 private:
  std::shared_ptr<const std::vector<std::exception_ptr>> errors_;  // copying an exception must not throw
};

/// A job was not over when its deadline or its time limit came. What had not been started never is; what ran goes on until its
/// callable returns, and its captures live as long.
class timed_out final : public job_error {
 public:
  using job_error::job_error;
};

/// A job failed at each of its attempts.
class retries_exhausted final : public job_error {
 public:
  using job_error::job_error;
};

/// A worker had to wait for a task that somebody else runs, it is the last of its pool that is not blocked, and every spare
/// is in use or could not be started.
class too_many_blocked final : public error {
 public:
  using error::error;
};

/// The wait could never end: a task waits for itself or for its own group, or a worker for its own pool.
class would_deadlock final : public error {
 public:
  using error::error;
};

/// What works in the pool of the calling task was called outside of a task.
class no_pool final : public error {
 public:
  using error::error;
};

/// The future has no task: it was default-constructed, moved from, or its get() has been called.
class no_future_state final : public error {
 public:
  using error::error;
};

/// This process is a child made by fork(): the pool's threads exist in the parent only.
class forked final : public error {
 public:
  using error::error;
};

}  // namespace filch::inline v0_1
