// Moving the clock, and telling the pools that use it.
#include <filch/time/virtual_clock.hpp>

#include <stdexcept>

#include <filch/runtime/scheduler.hpp>

#include "task/same_process.hpp"
#include "time/timers.hpp"
#include "time/timers_of.hpp"

namespace filch::inline v0_1 {

void virtual_clock::require_not_negative(bool negative) {
  if (negative)
    throw std::invalid_argument("filch: virtual_clock::advance() was given a negative duration: time only moves forwards");
}

// Under the lock, so that no pool goes meanwhile. Their timers run nobody's code before they answer.
void virtual_clock::tell_users() {
  for (detail::timers* const each : users_) each->catch_up();
}

void virtual_clock::require_usable() const { detail::require_same_process(generation_); }

void virtual_clock::add_user(detail::timers& user) {
  require_usable();
  const std::scoped_lock lock(mutex_);
  users_.reserve(users_.size() + 1);
  user.use(*this);
  users_.push_back(&user);
}

void virtual_clock::remove_user(detail::timers& user) noexcept {
  const std::scoped_lock lock(mutex_);
  std::erase(users_, &user);
}

void use_clock(scheduler& pool, virtual_clock& clock) { clock.add_user(detail::make_timers_of(pool)); }

}  // namespace filch::inline v0_1
