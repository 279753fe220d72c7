// A mutex of the models.
#pragma once

#include "scenario.hpp"

namespace filch::model {

/// As std::mutex. Who waits sleeps, since it may be held for long.
class mutex {
 public:
  void lock() noexcept {
    std::uint32_t seen = 0;
    while (!held_.compare_exchange_strong(seen, 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      relacy_atomics::wait(held_, 1);
      seen = 0;
    }
  }
  void unlock() noexcept {
    held_.store(0, std::memory_order_release);
    relacy_atomics::wake_all(held_);
  }

 private:
  atomic<std::uint32_t> held_{0};
};

}  // namespace filch::model
