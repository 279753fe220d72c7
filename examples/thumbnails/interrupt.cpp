#include "interrupt.hpp"

#include <csignal>
#include <utility>

#include <pthread.h>
#include <signal.h>

#include "files.hpp"

namespace thumbnails {

namespace {

sigset_t interrupts() noexcept {
  sigset_t signals;
  (void)::sigemptyset(&signals);
  (void)::sigaddset(&signals, SIGINT);
  (void)::sigaddset(&signals, SIGTERM);
  return signals;
}

void await_interrupt() noexcept {
  const sigset_t signals = interrupts();
  int which = 0;
  (void)::sigwait(&signals, &which);
}

}  // namespace

void leave_interrupts_to_watch() noexcept {
  const sigset_t signals = interrupts();
  (void)::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

interrupt_watch::interrupt_watch(std::function<void()> drain)
    : thread_([this, drain = std::move(drain)] {
        await_interrupt();
        if (over_.load()) return;
        has_come_.store(true);
        // Draining takes its time, in which somebody may lose patience.
        const std::jthread draining([&] {
          drain();
          is_drained_.store(true);
        });
        await_interrupt();
        if (!over_.load()) exit_without_waiting(status_when_interrupted);
      }) {}

interrupt_watch::~interrupt_watch() {
  over_.store(true);
  (void)::pthread_kill(thread_.native_handle(), SIGTERM);  // to this thread alone, which waits for it
  thread_.join();
}

}  // namespace thumbnails
