// Waiting for a task that has references to what lies on the caller's stack.
#include <filch/detail/fork_join/elsewhere.hpp>

#include <string>

#include <filch/detail/task/wait.hpp>
#include <filch/task/errors.hpp>

#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

void require_task(const char* function) {
  if (innermost_running_task != nullptr) return;
  std::string name(function);
  name.pop_back();
  throw no_pool("filch: " + name + ") was called outside of a task, so it knows no pool: call " + name + "pool, ...)");
}

wait_on_own_stack::wait_on_own_stack() : role_(role_to_replace) {
  if (role_ != nullptr) role_->begin_blocked_wait();
  role_to_replace = nullptr;
}

wait_on_own_stack::~wait_on_own_stack() {
  role_to_replace = role_;
  if (role_ != nullptr) role_->end_blocked_wait();
}

void wait_on_own_stack::until_ready(task_node& task) noexcept { wait_regardless(task); }

}  // namespace filch::inline v0_1::detail
