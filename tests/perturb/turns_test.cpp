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

TEST(turns, threads_between_points_are_hardly_ever_two) {
  turns all;
  std::atomic<int> inside{0};
  std::atomic<int> together{0};
  std::atomic<int> changes{0};
  constexpr int threads = 4;
  constexpr int points = 100'000;
  std::atomic<int> there{0};
  const auto go_on = [&](std::uint64_t number) {
    ticket own;
    own.random = number;
    there.fetch_add(1);
    while (there.load() != threads) std::this_thread::yield();
    for (int i = 0; i != points; ++i) {
      if (all.pass(own)) changes.fetch_add(1);
      if (inside.fetch_add(1) != 0) together.fetch_add(1);
      inside.fetch_sub(1);
    }
    all.leave(own);
  };
  {
    std::vector<std::jthread> running;
    for (std::uint64_t i = 0; i != threads; ++i) running.emplace_back(go_on, i + 1);
  }
  EXPECT_LT(together.load(), threads * points / 10);
  EXPECT_GT(changes.load(), 10);
}

TEST(turns, who_spins_lets_the_others_go_first) {
  turns all;
  std::atomic<bool> said{false};
  const auto listen = [&](std::uint64_t number) {
    ticket own;
    own.random = number;
    while (!said.load()) {
      (void)all.pass(own);
      all.fall_behind(own);
    }
    all.leave(own);
  };
  const auto say = [&] {
    ticket own;
    own.random = 3;
    (void)all.pass(own);
    said = true;
    all.leave(own);
  };
  const std::jthread first(listen, 1);
  const std::jthread second(listen, 2);
  const std::jthread third(say);
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
  EXPECT_TRUE(all.pass(own));
  all.leave(own);
  other_went_on = true;
}

}  // namespace
