// The moments that a limiter gives away.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include <filch/flow/rate_limiter.hpp>

namespace {

using namespace std::chrono_literals;
using time_point = filch::rate_limiter::time_point;

const time_point start = time_point() + 1h;

TEST(rate_limiter, the_first_comes_at_once_and_the_others_one_interval_apart) {
  filch::rate_limiter ten(10);
  for (int i = 0; i != 50; ++i) EXPECT_EQ(ten.take(start), start + i * 100ms);
}

TEST(rate_limiter, after_a_pause_a_burst_comes_together_and_no_more) {
  filch::rate_limiter ten(10, 3);
  for (const time_point now : {start, start + 1h}) {
    for (int i = 0; i != 3; ++i) EXPECT_EQ(ten.take(now), now);
    for (int i = 1; i != 5; ++i) EXPECT_EQ(ten.take(now), now + i * 100ms);
  }
}

TEST(rate_limiter, a_short_pause_earns_a_part_of_the_burst) {
  filch::rate_limiter ten(10, 3);
  for (int i = 0; i != 3; ++i) EXPECT_EQ(ten.take(start), start);
  const time_point later = start + 150ms;  // one place has come, and half of the next
  EXPECT_EQ(ten.take(later), later);
  EXPECT_EQ(ten.take(later), start + 200ms);
}

TEST(rate_limiter, who_looks_takes_nothing_that_has_not_come) {
  filch::rate_limiter ten(10, 2);
  EXPECT_TRUE(ten.try_take(start));
  EXPECT_TRUE(ten.try_take(start));
  for (int i = 0; i != 10; ++i) EXPECT_FALSE(ten.try_take(start + 99ms));
  EXPECT_TRUE(ten.try_take(start + 100ms));
  EXPECT_FALSE(ten.try_take(start + 100ms));
}

TEST(rate_limiter, a_clock_that_seems_to_go_back_gives_no_moment_twice) {
  filch::rate_limiter ten(10);
  EXPECT_EQ(ten.take(start + 1s), start + 1s);
  EXPECT_EQ(ten.take(start), start + 1'100ms);
}

TEST(rate_limiter, a_clock_that_seems_to_go_back_lets_no_more_through_than_a_burst) {
  filch::rate_limiter ten(10, 3);
  std::vector<time_point> taken;
  for (const time_point now : {start + 1s, start, start + 500ms, start + 1s, start}) taken.push_back(ten.take(now));
  std::sort(taken.begin(), taken.end());
  for (std::size_t i = 3; i != taken.size(); ++i) EXPECT_GE(taken[i] - taken[i - 3], 100ms);
}

TEST(rate_limiter, is_never_faster_than_it_was_told) {
  for (const double rate : {3.0, 7.0, 333'333.0, 999'999.0, 9'955'000.0, 9'999'999.0}) {
    filch::rate_limiter limiter(rate);
    time_point last = start;
    for (int i = 0; i != 1'000; ++i) last = limiter.take(start);
    EXPECT_GE(std::chrono::duration<double>(last - start).count(), 999 / rate);
  }
}

TEST(rate_limiter, by_the_real_clock_when_no_moment_is_given) {
  filch::rate_limiter thousand(1'000);
  const time_point before = std::chrono::steady_clock::now();
  EXPECT_GE(thousand.take(), before);
  filch::rate_limiter slow(0.001);
  EXPECT_TRUE(slow.try_take());
  EXPECT_FALSE(slow.try_take());
}

// As many moments as the rate says lie within a minute, a second, a millisecond; to a hundredth.
TEST(rate_limiter, keeps_slow_and_fast_rates) {
  struct span {
    double rate;
    std::chrono::nanoseconds time;
  };
  for (const span each : {span{1, 10min}, span{2.5, 10min}, span{7, 1min}, span{1'000, 1s}, span{333'333, 100ms},
                          span{1'000'000, 100ms}, span{10'000'000, 10ms}}) {
    filch::rate_limiter limiter(each.rate);
    double taken = 0;
    while (limiter.take(start) < start + each.time) ++taken;
    const double expected = each.rate * std::chrono::duration<double>(each.time).count();
    EXPECT_NEAR(taken / expected, 1, 0.01) << each.rate;
  }
}

TEST(rate_limiter, threads_get_each_moment_once) {
  filch::rate_limiter million(1'000'000);
  constexpr std::size_t each_takes = 20'000;
  std::vector<std::vector<time_point>> taken(4);
  {
    std::vector<std::jthread> threads;
    for (auto& own : taken)
      threads.emplace_back([&] {
        for (std::size_t i = 0; i != each_takes; ++i) own.push_back(million.take(start));
      });
  }
  std::vector<time_point> all;
  for (const auto& own : taken) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), 4 * each_takes);
  for (std::size_t i = 0; i != all.size(); ++i) ASSERT_EQ(all[i], start + static_cast<std::int64_t>(i) * 1us);
}

TEST(rate_limiter, far_away_it_stands_still_and_does_not_overflow) {
  filch::rate_limiter yearly(1.0 / (300 * 24 * 3600), 1);
  time_point last = start;
  for (int i = 0; i != 100'000; ++i) {
    const time_point now = yearly.take(start);
    EXPECT_GE(now, last);
    last = now;
  }
  EXPECT_GT(last, start + std::chrono::hours(24 * 365 * 100));
}

TEST(rate_limiter, what_makes_no_sense_is_refused) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  for (const double rate : {0.0, -1.0, 1e-9, 1.1e7, infinite, -infinite, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THROW(filch::rate_limiter{rate}, std::invalid_argument) << rate;
  EXPECT_THROW((filch::rate_limiter{10, 0}), std::invalid_argument);
  EXPECT_THROW((filch::rate_limiter{10, -1}), std::invalid_argument);
  EXPECT_NO_THROW((filch::rate_limiter{1.0 / (366.0 * 24 * 3'600)}));
  EXPECT_NO_THROW((filch::rate_limiter{1e7}));
  EXPECT_THROW((filch::rate_limiter{1, 4'000'000'000U}), std::invalid_argument);
}

}  // namespace
