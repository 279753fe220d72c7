// Moving the clock, and telling the pools that use it.
#include <filch/time/virtual_clock.hpp>

#include <cstddef>
#include <stdexcept>

#include <filch/runtime/scheduler.hpp>
#include <filch/task/errors.hpp>

#include "task/same_process.hpp"
#include "time/timers.hpp"
#include "time/timers_of.hpp"

namespace filch::inline v0_1 {

void virtual_clock::require_not_negative(bool negative) {
  if (negative)
    throw std::invalid_argument("filch: virtual_clock::advance() was given a negative duration: time only moves forwards");
}

// One after the other and without the lock: an alarm may run anybody's code before its thread answers. The timers that are
// asked do not go meanwhile.
void virtual_clock::tell_users() {
  std::unique_lock lock(mutex_);
  for (std::size_t i = 0; i < users_.size();) {
    detail::timers* const each = told_ = users_[i];
    lock.unlock();
    each->catch_up();
    lock.lock();
    told_ = nullptr;
    told_has_answered_.notify_all();
    const bool still_there = i < users_.size() && users_[i] == each;
    i = still_there ? i + 1 : 0;  // to look twice does no harm
  }
}

void virtual_clock::require_usable() const {
  detail::require_same_process(generation_);
  if (detail::timers::acts_here())
    throw would_deadlock(
        "filch: virtual_clock::advance() was called by what runs on a pool's timer thread, a stop callback or the destructor of a "
        "capture, and would wait for it: move the clock elsewhere");
}

void virtual_clock::add_user(detail::timers& user) {
  detail::require_same_process(generation_);
  const std::scoped_lock lock(mutex_);
  users_.reserve(users_.size() + 1);
  user.use(*this);
  users_.push_back(&user);
}

void virtual_clock::remove_user(detail::timers& user) noexcept {
  std::unique_lock lock(mutex_);
  std::erase(users_, &user);
  told_has_answered_.wait(lock, [&] { return told_ != &user; });
}

void use_clock(scheduler& pool, virtual_clock& clock) { clock.add_user(detail::make_timers_of(pool)); }

}  // namespace filch::inline v0_1
