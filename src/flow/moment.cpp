// A place in the timers whose time wakes a thread: nothing is queued, so it does not wait for a worker.
#include <filch/detail/flow/moment.hpp>

#include <optional>

#include <filch/detail/time/timed_entry.hpp>

#include "park/parker.hpp"
#include "task/thread_role.hpp"
#include "time/timers.hpp"

namespace filch::inline v0_1::detail {

namespace {

/// On the stack of who waits. Told once: by the timer thread, by who ends the pool, or by a stop request that has taken it out.
class awaited_moment final : public timed_entry {
 public:
  awaited_moment(parker& own, worker_role* role) : timed_entry(entry_kind::once), own_(own), role_(role) { own.prepare(); }

  // A worker counts as unblocked from here on, as in wait.cpp. After unpark() this may be gone.
  void tell() noexcept {
    if (role_ != nullptr) role_->end_blocked_wait();
    own_.unpark();
  }

 private:
  after_due come_due() override {
    tell();
    return {};
  }
  void end() noexcept override { tell(); }

  parker& own_;
  worker_role* const role_;
};

}  // namespace

void wait_for_moment(const pool_timers& by, steady_time due, const std::stop_token& stop) {
  parker& own = this_thread_parker();
  worker_role* const role = role_to_replace;
  awaited_moment self(own, role);
  if (role != nullptr) role->begin_blocked_wait();
  by.in.add(self, due);
  const std::stop_callback leaves(stop, [&]() noexcept {
    if (by.in.withdraw(self)) self.tell();
  });
  (void)own.park(std::nullopt, 0);
}

}  // namespace filch::inline v0_1::detail
