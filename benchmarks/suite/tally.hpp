// Tells when posted tasks have run, and adds up what they say. Each thread counts in a cache line of its own, so that what is
// measured is not a line that all of them write; who waits looks at all lines every 200 us.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <thread>

namespace suite {

class tally {
 public:
  void count(long value) {
    line& own = lines_[own_index()];
    own.sum += value;
    own.tasks.store(own.tasks.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  /// Waits for so many tasks, and returns the sum of their values.
  [[nodiscard]] long sum_after(long tasks) const {
    while (counted() != tasks) std::this_thread::sleep_for(std::chrono::microseconds(200));
    long sum = 0;
    for (const line& each : lines_) sum += each.sum;
    return sum;
  }

 private:
  static constexpr std::size_t most_threads = 1024;

  struct alignas(64) line {
    std::atomic<long> tasks{0};
    long sum = 0;
  };

  static std::size_t own_index() {
    thread_local const std::size_t index = threads_.fetch_add(1, std::memory_order_relaxed);
    if (index >= most_threads) throw std::length_error("the suite counts for 1024 threads: ask for fewer");
    return index;
  }

  [[nodiscard]] long counted() const {
    long tasks = 0;
    for (const line& each : lines_) tasks += each.tasks.load(std::memory_order_acquire);
    return tasks;
  }

  static inline std::atomic<std::size_t> threads_{0};
  std::array<line, most_threads> lines_;
};

}  // namespace suite
