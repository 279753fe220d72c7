// The Linux back end: membarrier(), for the threads of this process, by interrupting the cores they run on.
#include <filch/detail/base/asymmetric_fence.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace filch::inline v0_1::detail {

constinit std::atomic<bool> fences_are_asymmetric{false};

namespace {

long membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0); }

bool is_wanted() noexcept {
  const char* const set = std::getenv("FILCH_MEMBARRIER");
  return set == nullptr || std::string_view(set) != "0";
}

// Some sandboxes answer every call with success, so what is there is asked for by name.
bool is_available() noexcept {
  constexpr long needed = MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
  const long commands = membarrier(MEMBARRIER_CMD_QUERY);
  return commands > 0 && (commands & needed) == needed;
}

// Light fences rely on it, so there is no going on without it.
[[noreturn]] void end_without_membarrier() noexcept {
  std::fputs(
      "filch: the system call membarrier was there when the first pool was made, and is refused now: install a seccomp filter "
      "before that, or set FILCH_MEMBARRIER=0\n",
      stderr);
  std::terminate();
}

bool is_registered() noexcept { return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0; }

}  // namespace

// Chosen once: workers that run must not see a change. A forked child registers again.
void prepare_heavy_fences() noexcept {
  static const bool chosen = is_wanted() && is_available() && is_registered();
  fences_are_asymmetric.store(chosen, std::memory_order_relaxed);
  if (chosen) (void)is_registered();
}

void heavy_fence() noexcept {
  full_fence();
  if (!fences_are_asymmetric.load(std::memory_order_relaxed)) return;
  const int before = errno;
  while (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) {
    if (errno != ENOMEM) end_without_membarrier();
    (void)::sched_yield();
  }
  errno = before;
}

}  // namespace filch::inline v0_1::detail
