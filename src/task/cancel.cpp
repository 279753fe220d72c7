// A cancel is a claim that ends without a call. Who comes second, the worker or this, finds the task taken.
#include <filch/detail/task/cancel.hpp>

#include <exception>

#include <filch/detail/task/task_node.hpp>
#include <filch/detail/task/task_owner.hpp>
#include <filch/task/errors.hpp>

#include "task/same_process.hpp"

namespace filch::inline v0_1::detail {

namespace {

// Without memory for a sentence the reason is that.
std::exception_ptr cancelled_because(const char* sentence) noexcept {
  try {
    return std::make_exception_ptr(task_cancelled(sentence));
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

bool cancel_if_queued(task_node& task) {
  if (task.state.is_ready()) return false;
  require_same_process(task.generation);
  if (task.claim_to_cancel() == claim_outcome::taken) return false;
  task.references.add();  // a capture may hold the future itself, and take it along
  task.owner->cancel_claimed(
      task, cancelled_because("filch: future::cancel() came before the task was started, so it never ran"));
  task.drop_reference();
  return true;
}

void cancel_by_token(task_node& claimed) noexcept {
  claimed.owner->cancel_claimed(
      claimed, cancelled_because("filch: the stop token that was given with the task was stopped before the task was started, "
                                 "so it never ran"));
}

}  // namespace filch::inline v0_1::detail
