// A task that waits for its time: counted by the pool since it was submitted, and in the timers' hands until it is queued.
#include <filch/detail/time/delay.hpp>

#include "time/timers.hpp"

namespace filch::inline v0_1::detail {

void delay::start(task_node& task, steady_time due) noexcept {
  task_ = &task;
  timers_.add(*this, due);
}

void delay::withdraw() noexcept {
  if (task_ == nullptr || !timers_.withdraw(*this)) return;
  task_->drop_reference();
}

after_due delay::come_due() {
  pool_.enqueue_reserved(rank_, *task_);
  return {};
}

// The pool cancels: so is this, unless somebody has just claimed it, who will end it.
void delay::end() noexcept {
  task_node& task = *task_;
  if (task.state.claim() == claim_outcome::claimed) pool_.cancel_claimed(task, timers_.pool().cancelled_because_stopped());
  task.drop_reference();
}

}  // namespace filch::inline v0_1::detail
