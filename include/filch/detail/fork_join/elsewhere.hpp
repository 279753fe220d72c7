// Work of the fork-join rooms that the calling thread cannot do on its own stack: it becomes a task, and the thread waits for
// it.
#pragma once

#include <utility>

#include <filch/detail/task/task_node.hpp>
#include <filch/task/executor_ref.hpp>
#include <filch/task/future.hpp>

namespace filch::inline v0_1::detail {

class worker_role;

/// Throws no_pool unless the calling thread runs a task. `function` is what was called, as "join()".
void require_task(const char* function);

/// A wait that cannot be given up, since what is awaited uses the caller's stack. So it is counted before there is anything to
/// wait for: a worker counts as blocked for as long as this is there, and is refused at the beginning or not at all.
class wait_on_own_stack {
 public:
  /// Throws too_many_blocked.
  wait_on_own_stack();
  ~wait_on_own_stack();
  wait_on_own_stack(const wait_on_own_stack&) = delete;
  wait_on_own_stack& operator=(const wait_on_own_stack&) = delete;

  void until_ready(task_node& task) noexcept;

 private:
  worker_role* const role_;
};

/// Returns `function()`, called by a worker of the pool.
template <class F>
auto run_elsewhere(executor_ref pool, F&& function) {
  wait_on_own_stack wait;
  auto result = pool.submit(std::forward<F>(function));
  wait.until_ready(future_access::state(result));
  return result.get();
}

}  // namespace filch::inline v0_1::detail
