// Ctrl-C without a signal handler: a thread waits for the signal.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace thumbnails {

/// SIGINT and SIGTERM are left to interrupt_watch by this thread and by all that it starts from here on.
void leave_interrupts_to_watch() noexcept;

/// Calls `drain` on a thread of its own when one of them comes for the first time, and ends the program when one comes again.
class interrupt_watch {
 public:
  explicit interrupt_watch(std::function<void()> drain);
  interrupt_watch(const interrupt_watch&) = delete;
  interrupt_watch& operator=(const interrupt_watch&) = delete;
  ~interrupt_watch();

  [[nodiscard]] bool has_come() const noexcept { return has_come_.load(); }

  /// Whether `drain` has been called and has returned.
  [[nodiscard]] bool is_drained() const noexcept { return is_drained_.load(); }

 private:
  std::atomic<bool> has_come_{false};
  std::atomic<bool> is_drained_{false};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

inline constexpr int status_when_interrupted = 130;

}  // namespace thumbnails
