// That one thread at a time goes on, the one with the highest priority, and that nobody waits for a thread that comes no more.
#include "perturb/turns.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using filch_perturb::ticket;
using filch_perturb::turns;

TEST(turns, one_thread_at_a_time_is_between_points) {
  turns all(std::chrono::minutes(1));  // nobody is late, whatever else the machine does
  std::atomic<int> inside{0};
  std::atomic<int> together{0};
  std::atomic<int> changes{0};
  const auto go_on = [&](std::uint64_t number) {
    ticket own;
    own.random = number;
    while (changes.load() < 200) {
      if (all.pass(own)) changes.fetch_add(1);
      if (inside.fetch_add(1) != 0) together.fetch_add(1);
      inside.fetch_sub(1);
    }
    all.leave(own);
  };
  {
    std::vector<std::jthread> running;
    for (std::uint64_t i = 0; i != 4; ++i) running.emplace_back(go_on, i + 1);
  }
  EXPECT_EQ(together.load(), 0);
}

TEST(turns, who_spins_falls_below_all_others) {
  turns all;
  ticket first;
  ticket second;
  for (ticket* const each : {&first, &second}) {
    (void)all.pass(*each);
    all.leave(*each);
  }
  all.fall_behind(first);
  EXPECT_LT(first.priority, second.priority);
  all.fall_behind(second);
  EXPECT_LT(second.priority, first.priority);
}

TEST(turns, who_spins_lets_those_go_first_that_wait) {
  turns all(std::chrono::minutes(1));
  std::atomic<bool> has_turn{false};
  std::atomic<bool> comes{false};
  bool other_went_first = false;  // ordered by the turns
  std::jthread spinning([&] {
    ticket own;
    own.random = 1;
    (void)all.pass(own);
    has_turn = true;
    while (!comes) std::this_thread::yield();
    do {
      all.fall_behind(own);
    } while (!all.pass(own));  // the other may not have arrived yet
    EXPECT_TRUE(other_went_first);
    all.leave(own);
  });
  while (!has_turn) std::this_thread::yield();
  ticket own;
  own.random = 2;
  comes = true;
  (void)all.pass(own);
  other_went_first = true;
  all.leave(own);
}

TEST(turns, a_turn_is_taken_from_whoever_comes_to_no_point) {
  turns all;
  std::atomic<bool> has_turn{false};
  std::atomic<bool> other_went_on{false};
  const std::jthread stuck([&] {
    ticket own;
    own.random = 1;
    (void)all.pass(own);
    has_turn = true;
    while (!other_went_on) std::this_thread::yield();
    all.leave(own);
  });
  while (!has_turn) std::this_thread::yield();
  ticket own;
  own.random = 2;
  (void)all.pass(own);  // or for ever
  all.leave(own);
  other_went_on = true;
}

}  // namespace
