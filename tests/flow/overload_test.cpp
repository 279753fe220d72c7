// More work than a pool can do, through a gate: what is admitted stays bounded, so does memory, and nothing is left afterwards.
// FILCH_LONG_TESTS=1 does it for a minute.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class overload_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(overload_test);

constexpr std::int64_t capacity = 100;

/// Four threads that submit as fast as they can, each task some ten times longer than its submission.
class crowd_of_customers {
 public:
  crowd_of_customers(filch::scheduler& pool, filch::admission_gate& gate, std::atomic<std::uint64_t>& admitted,
                     std::atomic<std::uint64_t>& run)
      : pool_(pool), gate_(gate), admitted_(admitted), run_(run) {
    for (int i = 0; i != 4; ++i) threads_.emplace_back([this](const std::stop_token& stop) { submit_until(stop); });
  }

 private:
  void submit_until(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      try {
        (void)filch::submit(pool_, {.gate = &gate_}, [&run = run_, load = std::array<std::byte, 400>{}] {
          for (std::size_t i = 0; i != 2'000; ++i) (void)*static_cast<const volatile std::byte*>(&load[i % load.size()]);
          ++run;
        });
        ++admitted_;
      } catch (const filch::rejected&) {
        std::this_thread::yield();
      }
    }
  }

  filch::scheduler& pool_;
  filch::admission_gate& gate_;
  std::atomic<std::uint64_t>& admitted_;
  std::atomic<std::uint64_t>& run_;
  std::vector<std::jthread> threads_;
};

void overload(filch::scheduler& pool, filch::when_full policy) {
  filch::admission_gate gate({.capacity = capacity, .when_full = policy});
  std::size_t most_memory = 0;
  std::int64_t most_taken = 0;
  std::atomic<std::uint64_t> admitted{0};
  std::atomic<std::uint64_t> run{0};
  {
    const crowd_of_customers customers(pool, gate, admitted, run);
    const auto until = std::chrono::steady_clock::now() + (long_form() ? 5s : 100ms);  // times the shapes and the policies
    EXPECT_TRUE(eventually([&] {
      most_memory = std::max<std::size_t>(most_memory, pool.metrics().task_memory);
      most_taken = std::max(most_taken, gate.taken());
      return most_taken == capacity && std::chrono::steady_clock::now() >= until;
    }));
  }
  pool.wait_idle();
  EXPECT_EQ(most_taken, capacity);
  EXPECT_LT(most_memory, 8U << 20);  // of a hundred tasks and what slabs keep, however long it lasts
  EXPECT_EQ(gate.taken(), 0);
  EXPECT_EQ(gate.waiting(), 0);
  EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);
  EXPECT_EQ(run, admitted);
}

TEST_P(overload_test, what_is_admitted_and_the_memory_stay_bounded) {
  filch::scheduler& pool = make_shaped_pool();
  overload(pool, filch::when_full::block);
  overload(pool, filch::when_full::reject);
}

}  // namespace
