// What the tests of concurrent code share: how often to try, how to set threads off at once, and how to tell a hang.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace filch_tests {

#if defined(__has_feature)
inline constexpr bool under_thread_sanitizer = __has_feature(thread_sanitizer);
inline constexpr bool under_sanitizer = under_thread_sanitizer || __has_feature(address_sanitizer);
#else
#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_thread_sanitizer = true;
#else
inline constexpr bool under_thread_sanitizer = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_sanitizer = true;
#else
inline constexpr bool under_sanitizer = under_thread_sanitizer;
#endif
#endif

/// How often a stress test tries: sanitizers make each try ten to twenty times as long.
constexpr std::size_t tries(std::size_t plain, std::size_t sanitized) noexcept {
  return under_sanitizer ? sanitized : plain;
}

/// How long a test waits for an event before it calls that a hang. No test waits this long when it passes.
inline constexpr std::chrono::seconds hang_limit{60};

/// Puts the calling thread on the n-th of the processors that it may use, counted round. A busy machine may otherwise run
/// all threads of a test on one processor, and then they hardly ever meet.
inline void spread_out([[maybe_unused]] unsigned n) noexcept {
#if defined(__linux__)
  ::cpu_set_t allowed;
  if (::pthread_getaffinity_np(::pthread_self(), sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) == 0) return;
  int left = static_cast<int>(n % static_cast<unsigned>(CPU_COUNT(&allowed)));
  for (std::size_t cpu = 0; cpu != CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || left-- != 0) continue;
    ::cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
    return;
  }
#endif
}

/// Threads that run part(0) to part(count - 1), set off together. A test that hangs has threads that cannot be joined,
/// so it ends the program, with a sentence.
class crowd {
 public:
  template <class Part>
  crowd(unsigned count, Part part) : running_(count) {
    for (unsigned i = 0; i != count; ++i)
      threads_.emplace_back([this, i, count, part]() mutable {
        spread_out(i);
        arrived_.fetch_add(1);
        while (arrived_.load() != count) std::this_thread::yield();
        part(i);
        const std::scoped_lock lock(mutex_);
        if (--running_ == 0) all_ended_.notify_all();
      });
  }
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;
  ~crowd() { join(); }

  void join() {
    std::unique_lock lock(mutex_);
    if (!all_ended_.wait_for(lock, hang_limit, [&] { return running_ == 0; })) {
      std::fprintf(stderr, "hang: %u threads have not ended after %lld s\n", running_,
                   static_cast<long long>(hang_limit.count()));
      std::abort();
    }
    lock.unlock();
    for (std::thread& each : threads_) each.join();
    threads_.clear();
  }

 private:
  std::atomic<unsigned> arrived_{0};
  std::mutex mutex_;
  std::condition_variable all_ended_;
  unsigned running_;
  std::vector<std::thread> threads_;
};

/// Runs part(0) to part(count - 1) at once and waits for all.
template <class Part>
void stampede(unsigned count, Part part) {
  crowd all(count, part);
  all.join();
}

/// Waits for a condition that another thread brings about; false after the time of a hang.
template <class Condition>
[[nodiscard]] bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + hang_limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

/// Ends a stress test early on a busy machine, where each hand-over from thread to thread may cost a time slice.
class budget {
 public:
  [[nodiscard]] bool spent() const noexcept { return std::chrono::steady_clock::now() > end_; }

 private:
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + std::chrono::milliseconds{600};
};

/// What a leader stores instead of the next round's number when there is none.
inline constexpr std::uint64_t no_more_rounds = ~std::uint64_t{0};

/// Waits until a leader has begun a round. False when there are no more.
[[nodiscard]] inline bool round_begins(const std::atomic<std::uint64_t>& begun, std::uint64_t round) noexcept {
  for (unsigned turn = 0;; ++turn) {
    const std::uint64_t now = begun.load();
    if (now == round || now == no_more_rounds) return now == round;
    if (turn > 1000) std::this_thread::yield();
  }
}

/// Waits until a word has a value that another thread is about to store.
template <class Value>
void wait_for(const std::atomic<Value>& word, Value value) noexcept {
  for (unsigned turn = 0; word.load() != value; ++turn)
    if (turn > 1000) std::this_thread::yield();
}

/// Random numbers that are the same in each run.
class dice {
 public:
  explicit dice(std::uint64_t seed) noexcept : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}

  /// 0 to `sides` - 1.
  [[nodiscard]] std::size_t roll(std::size_t sides) noexcept { return static_cast<std::size_t>(roll64(sides)); }
  [[nodiscard]] std::uint64_t roll64(std::uint64_t sides) noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return (state_ >> 11) % sides;
  }

 private:
  std::uint64_t state_;
};

}  // namespace filch_tests
