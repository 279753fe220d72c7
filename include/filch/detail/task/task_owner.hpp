// Who ends a task that somebody else than a worker's loop has claimed.
#pragma once

#include <exception>

namespace filch::inline v0_1::detail {

class task_node;
class task_pool;

class task_owner {
 public:
  /// Runs a task that the calling thread, not one of the pool's, has claimed.
  virtual void run_claimed_outside(task_node& claimed) noexcept = 0;

  /// Ends a task that the calling thread, any thread, has claimed: without a call, with `reason` instead of a result.
  virtual void cancel_claimed(task_node& claimed, std::exception_ptr reason) noexcept = 0;

  /// Where it runs.
  [[nodiscard]] virtual task_pool& pool() noexcept = 0;

 protected:
  ~task_owner() = default;
};

}  // namespace filch::inline v0_1::detail
