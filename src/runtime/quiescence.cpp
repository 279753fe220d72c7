// When everything that was queued has finished, and how it is awaited. The protocol is in src/runtime/README.md.
#include <chrono>
#include <optional>

#include <filch/detail/base/atomics.hpp>
#include <filch/task/errors.hpp>

#include "park/futex.hpp"
#include "runtime/pool_core.hpp"
#include "task/same_process.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

void pool_core::wait_idle() {
  require_same_process(generation_);
  if (is_called_from_inside())
    throw would_deadlock(
        "filch: wait_idle() in a task of the same pool would wait for that very task: wait for futures instead, or call it "
        "outside of the pool");
  const blocked_wait blocked(role_to_replace);
  (void)wait_until_idle(std::nullopt);
}

task_balance pool_core::balance() const noexcept {
  return balance_of([&](auto&& visit) {
    for_each_worker([&](const worker& each) { visit(each.ledger()); });
    slots_.for_each([&](const submission_slot& slot) { visit(slot.ledger); });
  });
}

// [Q4] The fence between announcing and counting pairs with [Q3]; the epoch, read before the count, catches a worker
// that ran out of work in between. True when idle, false at the deadline.
bool pool_core::wait_until_idle(std::optional<steady_time> deadline) noexcept {
  (void)idle_waiters_.fetch_add(1, std::memory_order_relaxed);
  standard_atomics::full_fence();
  bool idle = false;
  for (;;) {
    const std::uint32_t epoch = idle_epoch_.load(std::memory_order_acquire);  // pairs with [Q5]
    idle = balance().idle();
    if (idle || (deadline && std::chrono::steady_clock::now() >= *deadline)) break;
    futex_wait(idle_epoch_, epoch, deadline);
  }
  (void)idle_waiters_.fetch_sub(1, std::memory_order_relaxed);
  return idle;
}

// [Q3] after the sleeper's full fence, pairs with [Q4] in wait_until_idle(): either this worker sees who waits, or who
// waits counts this worker's last task as finished.
void pool_core::out_of_work() noexcept {
  if (idle_waiters_.load(std::memory_order_relaxed) == 0) return;
  (void)idle_epoch_.fetch_add(1, std::memory_order_release);  // [Q5] pairs with the waiter's load of the epoch
  futex_wake_all(&idle_epoch_);
}

bool pool_core::is_at_rest() noexcept {
  for (unsigned g = 0; g != group_count(); ++g)
    if (words_[g].searchers() != 0) return false;
  const unsigned dormant = spares_.dormant_count() + dormant_workers_.load(std::memory_order_relaxed);
  return parked() + dormant == most_workers() + spare_count_ && balance().idle() && !work_visible();
}

}  // namespace filch::inline v0_1::detail
