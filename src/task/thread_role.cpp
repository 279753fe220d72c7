// Three thread-local words, without constructors or destructors.
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

constinit thread_local worker_role* this_thread_role = nullptr;
constinit thread_local worker_role* role_to_replace = nullptr;
constinit thread_local const running_task* innermost_running_task = nullptr;

bool running_task::is_running(const task_node& task) noexcept {
  return any_of([&](const task_node& each) { return &each == &task; });
}

bool running_task::runs_one_of(const task_owner& pool) noexcept {
  return any_of([&](const task_node& each) { return each.owner == &pool; });
}

}  // namespace filch::inline v0_1::detail
