// Cancelling a group: rare, so under a lock.
#include <filch/detail/fork_join/group_state.hpp>

#include <optional>
#include <utility>

#include <filch/detail/base/pause.hpp>

#include "task/same_process.hpp"

namespace filch::inline v0_1::detail {

constinit std::atomic<std::uint32_t> cancelled_groups{0};

class group_state::lock_guard {
 public:
  explicit lock_guard(group_state& of) noexcept : of_(of) {
    // [P4] acquire exchange, pairs with [P5]: what is under the lock is as its last holder left it.
    while (of_.locked_.exchange(true, std::memory_order_acquire)) pause();
  }
  ~lock_guard() { of_.locked_.store(false, std::memory_order_release); }  // [P5]
  lock_guard(const lock_guard&) = delete;
  lock_guard& operator=(const lock_guard&) = delete;

 private:
  group_state& of_;
};

group_state::~group_state() {
  if (cancelled_.load(std::memory_order_relaxed)) (void)cancelled_groups.fetch_sub(1, std::memory_order_relaxed);
}

// Callbacks of the token are somebody's code, so they are called without the lock.
void group_state::cancel() noexcept {
  if (generation_ != process_generation()) return;  // who held the lock may not be in this process
  std::stop_source stopped(std::nostopstate);
  {
    const lock_guard lock(*this);
    if (cancelled_.load(std::memory_order_relaxed)) return;
    (void)cancelled_groups.fetch_add(1, std::memory_order_relaxed);
    cancelled_.store(true, std::memory_order_relaxed);
    stopped = stop_;
  }
  (void)stopped.request_stop();
}

bool group_state::fail(std::exception_ptr reason, failure how) noexcept {
  if (generation_ != process_generation()) return true;
  const bool is_first = keep_if_first(reason, how);
  cancel();
  return is_first;
}

bool group_state::keep_if_first(std::exception_ptr& reason, failure how) noexcept {
  const lock_guard lock(*this);
  if (reason_ != nullptr) return false;
  reason_.swap(reason);
  was_thrown_ = how == failure::thrown;
  return true;
}

std::stop_token group_state::stop_token() {
  require_same_process(generation_);
  if (std::optional<std::stop_token> there = token_if_made()) return *std::move(there);
  std::stop_source made;
  const lock_guard lock(*this);
  if (!stop_.stop_possible()) stop_.swap(made);  // if it is cancelled already nobody will be called with it
  return stop_.get_token();
}

std::optional<std::stop_token> group_state::token_if_made() noexcept {
  const lock_guard lock(*this);
  return stop_.stop_possible() ? std::optional(stop_.get_token()) : std::nullopt;
}

group_state::ending group_state::end() noexcept {
  if (!cancelled_.load(std::memory_order_relaxed)) return {false, false, nullptr};
  std::stop_source stopped(std::nostopstate);
  ending how{true, false, nullptr};
  const lock_guard lock(*this);
  how.reason.swap(reason_);
  how.was_thrown = std::exchange(was_thrown_, false);
  stop_.swap(stopped);
  cancelled_.store(false, std::memory_order_relaxed);
  (void)cancelled_groups.fetch_sub(1, std::memory_order_relaxed);
  return how;
}

}  // namespace filch::inline v0_1::detail
