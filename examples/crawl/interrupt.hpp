// Ctrl-C without a signal handler: a thread waits for the signal.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace crawl {

/// SIGINT and SIGTERM are left to interrupt_watch by this thread and by all that it starts from here on.
void leave_interrupts_to_watch() noexcept;

/// Calls `act` on a thread of its own when one of them comes for the first time.
class interrupt_watch {
 public:
  explicit interrupt_watch(std::function<void()> act);
  interrupt_watch(const interrupt_watch&) = delete;
  interrupt_watch& operator=(const interrupt_watch&) = delete;
  ~interrupt_watch();

  [[nodiscard]] bool has_come() const noexcept { return has_come_.load(); }

 private:
  std::atomic<bool> has_come_{false};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace crawl
