#include "interrupt.hpp"

#include <csignal>
#include <utility>

#include <pthread.h>
#include <signal.h>

namespace crawl {

namespace {

sigset_t interrupts() noexcept {
  sigset_t signals;
  (void)::sigemptyset(&signals);
  (void)::sigaddset(&signals, SIGINT);
  (void)::sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void leave_interrupts_to_watch() noexcept {
  const sigset_t signals = interrupts();
  (void)::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

interrupt_watch::interrupt_watch(std::function<void()> act)
    : thread_([this, act = std::move(act)] {
        const sigset_t signals = interrupts();
        int which = 0;
        (void)::sigwait(&signals, &which);
        if (over_.load()) return;
        has_come_.store(true);
        act();
      }) {}

interrupt_watch::~interrupt_watch() {
  over_.store(true);
  (void)::pthread_kill(thread_.native_handle(), SIGTERM);  // to this thread alone, which waits for it
  thread_.join();
}

}  // namespace crawl
