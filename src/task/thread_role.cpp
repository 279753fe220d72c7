// Three thread-local words, without constructors or destructors.
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

constinit thread_local worker_role* this_thread_role = nullptr;
constinit thread_local worker_role* role_to_replace = nullptr;
constinit thread_local const running_task* innermost_running_task = nullptr;

bool running_task::is_running(const task_node& task) noexcept {
  for (const running_task* each = innermost_running_task; each != nullptr; each = each->outer_)
    if (&each->task_ == &task) return true;
  return false;
}

bool running_task::runs_one_of(const task_owner& pool) noexcept {
  for (const running_task* each = innermost_running_task; each != nullptr; each = each->outer_)
    if (each->task_.owner == &pool) return true;
  return false;
}

}  // namespace filch::inline v0_1::detail
