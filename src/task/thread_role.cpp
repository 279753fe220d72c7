// Two thread-local words, without constructors or destructors.
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

namespace {
constinit thread_local worker_role* own_role = nullptr;
constinit thread_local const running_task* innermost = nullptr;
}  // namespace

running_task::running_task(const task_node& task) noexcept : task_(task), outer_(innermost) { innermost = this; }

running_task::~running_task() { innermost = outer_; }

bool running_task::is_running(const task_node& task) noexcept {
  for (const running_task* each = innermost; each != nullptr; each = each->outer_)
    if (&each->task_ == &task) return true;
  return false;
}

worker_role* this_thread_role() noexcept { return own_role; }
void set_this_thread_role(worker_role* role) noexcept { own_role = role; }

}  // namespace filch::inline v0_1::detail
