// What stands above the workers and ends with them. The pool has one, made when it is first needed; nothing here knows what it
// does.
#pragma once

namespace filch::inline v0_1::detail {

/// Each is called by whoever shuts the pool down, perhaps by several at once, and again: none throws, none waits for a task.
/// The first two may run destructors of what users have submitted.
class pool_service {
 public:
  pool_service() = default;
  virtual ~pool_service() = default;
  pool_service(const pool_service&) = delete;
  pool_service& operator=(const pool_service&) = delete;

  /// The pool is closed: what would go on for ever ends. What is reserved stays.
  virtual void drain() noexcept = 0;

  /// The pool cancels what is queued: so does this with what it holds, and with all that comes later.
  virtual void cancel() noexcept = 0;

  /// A worker has woken, after the service was told that all sleep; or somebody has resized the pool.
  virtual void work_has_come() noexcept = 0;

  /// The pool is closed and idle: the threads are ended and joined.
  virtual void stop() noexcept = 0;
};

}  // namespace filch::inline v0_1::detail
