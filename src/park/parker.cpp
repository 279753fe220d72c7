// empty -> asleep -> notified, or empty -> notified when the notifier is first.
#include "park/parker.hpp"

#include <filch/detail/base/pause.hpp>

namespace filch::inline v0_1::detail {

namespace {
constinit thread_local parker own_parker;
}  // namespace

parker& this_thread_parker() noexcept { return own_parker; }

park_result parker::park(std::optional<steady_time> deadline, unsigned spin_turns) noexcept {
  for (unsigned turn = 0; turn != spin_turns; ++turn) {
    // [N1] acquire load, pairs with [N2]: who is notified sees what the notifier did before.
    if (word_.load(std::memory_order_acquire) == notified) return park_result::notified;
    pause();
  }
  std::uint32_t seen = empty;
  // [N1] in the failure; in success there is nothing to see yet.
  if (!word_.compare_exchange_strong(seen, asleep, std::memory_order_acquire, std::memory_order_acquire) &&
      seen == notified)
    return park_result::notified;
  for (;;) {
    futex_wait(word_, asleep, deadline);
    if (word_.load(std::memory_order_acquire) == notified) return park_result::notified;  // [N1]
    if (deadline && std::chrono::steady_clock::now() >= *deadline) return park_result::timed_out;
  }
}

void parker::unpark() noexcept {
  const std::atomic<std::uint32_t>* const address = &word_;
  // [N2] release exchange, pairs with [N1]. Whether anybody sleeps is decided by the same step.
  if (word_.exchange(notified, std::memory_order_release) == asleep) futex_wake_one(address);
}

}  // namespace filch::inline v0_1::detail
