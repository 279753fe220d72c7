// The Linux back end: the futex system call itself. libstdc++ 12's std::atomic::wait hashes all 64-byte aligned words
// into one bucket and polls in timed waits; glibc 2.36's condition variable has a known lost wakeup.
#include "park/futex.hpp"

#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace filch::inline v0_1::detail {

static_assert(sizeof(std::atomic<std::uint32_t>) == 4 && std::atomic<std::uint32_t>::is_always_lock_free);

namespace {

// CLOCK_MONOTONIC, which is what steady_clock reads on Linux; the kernel takes an absolute time for a bitset wait.
timespec absolute(steady_time deadline) noexcept {
  using namespace std::chrono;
  const auto since_boot = deadline.time_since_epoch();
  if (since_boot.count() <= 0) return {0, 0};
  const auto whole = duration_cast<seconds>(since_boot);
  return {static_cast<std::time_t>(whole.count()),
          static_cast<long>(duration_cast<nanoseconds>(since_boot - whole).count())};
}

void wake(const std::atomic<std::uint32_t>* word, int count) noexcept {
  (void)::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

}  // namespace

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::optional<steady_time> deadline) noexcept {
  // EAGAIN, EINTR and ETIMEDOUT all mean the same to the caller: look at the word again.
  if (!deadline) {
    (void)::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
    return;
  }
  const timespec until = absolute(*deadline);
  (void)::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, &until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

// By default the kernel may be 50 us late, to wake for several timers at once.
void wait_punctually() noexcept { (void)::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }

void futex_wake_one(const std::atomic<std::uint32_t>* word) noexcept { wake(word, 1); }
void futex_wake_all(const std::atomic<std::uint32_t>* word) noexcept { wake(word, INT_MAX); }

}  // namespace filch::inline v0_1::detail
