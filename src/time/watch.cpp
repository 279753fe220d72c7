// The entry of who watches over the pool, and sleeps while all its workers do.
#include <mutex>

#include <filch/detail/task/wait.hpp>

#include "time/timers.hpp"

namespace filch::inline v0_1::detail {

timers::watch_outcome timers::let_watch(timed_entry& entry, steady_time::duration interval) noexcept {
  const std::scoped_lock lock(mutex_);
  if (!takes_what_repeats()) return watch_outcome::pool_is_closed;
  if (watching_ != nullptr) return watch_outcome::pool_has_one;
  watching_ = &entry;
  watch_interval_ = interval;
  insert(entry, later(now(), interval));
  return watch_outcome::watches;
}

bool timers::watch_on(timed_entry& entry) noexcept {
  const std::scoped_lock lock(mutex_);
  return wait_on(entry, later(now(), watch_interval_));
}

// It waits before it asks to be told, so that who tells finds it.
bool timers::sleep_on(timed_entry& entry) noexcept {
  {
    const std::scoped_lock lock(mutex_);
    if (!wait_on(entry, steady_time::max())) return false;
  }
  if (!pool_.watch_for_work()) work_has_come();
  return true;
}

bool timers::wait_on(timed_entry& entry, steady_time due) noexcept {
  if (!takes_what_repeats()) return false;
  insert(entry, due);
  return true;
}

// Where the pool drains, whoever does that must find the entry where it waits. And not at once: a pool that sleeps and wakes a
// hundred thousand times a second is looked at no more often than one that is busy.
void timers::work_has_come() noexcept {
  const std::scoped_lock lock(mutex_);
  if (!takes_what_repeats() || watching_ == nullptr) return;
  if (!watching_->waits_ || watching_->at_->first.due != steady_time::max()) return;
  remove(*watching_);
  insert(*watching_, later(now(), watch_interval_));
}

void timers::end_watch(timed_entry& entry) noexcept {
  const std::scoped_lock lock(mutex_);
  if (watching_ == &entry) watching_ = nullptr;
}

}  // namespace filch::inline v0_1::detail
