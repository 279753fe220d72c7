// How many workers a pool is to have, by what each look has found.
#include "flow/scale_rule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace {

using namespace std::chrono_literals;

using filch::detail::pool_load;
using filch::detail::scale_plan;
using filch::detail::scale_rule;

constexpr scale_plan ten_ms{.least = 2, .most = 16, .delay = 10ms, .calm = 100ms};

/// Looks at a pool every ten milliseconds, which follows each advice.
struct watched_pool {
  scale_rule rule{ten_ms};
  unsigned workers = 2;
  std::uint64_t finished = 0;
  scale_rule::time_point now{};

  unsigned look(std::size_t queued, std::uint64_t ended, unsigned idle) {
    now += 10ms;
    finished += ended;
    workers = rule.size_after(workers, {finished, queued, idle}, now);
    return workers;
  }
};

TEST(scale_rule_test, what_waits_too_long_at_two_looks_doubles_the_size) {
  watched_pool pool;
  EXPECT_EQ(pool.look(1, 0, 0), 2U) << "the first look has none to compare with";
  EXPECT_EQ(pool.look(20, 10, 0), 2U) << "18 ms once";
  EXPECT_EQ(pool.look(20, 10, 0), 4U);
  EXPECT_EQ(pool.look(20, 10, 0), 4U) << "the larger pool has a look's time to show what it can do";
  EXPECT_EQ(pool.look(20, 10, 0), 8U);
}

TEST(scale_rule_test, what_is_late_now_and_then_changes_nothing) {
  watched_pool pool;
  for (int i = 0; i != 100; ++i) {
    EXPECT_EQ(pool.look(20, 10, 0), 2U);
    EXPECT_EQ(pool.look(5, 10, 0), 2U);
  }
}

TEST(scale_rule_test, a_long_queue_that_is_served_in_time_changes_nothing) {
  watched_pool pool;
  for (int i = 0; i != 100; ++i) EXPECT_EQ(pool.look(9'000, 10'000, 0), 2U);
}

TEST(scale_rule_test, one_task_that_waits_where_none_ends_is_late) {
  watched_pool pool;
  (void)pool.look(1, 0, 0);
  (void)pool.look(1, 0, 0);
  EXPECT_EQ(pool.look(1, 0, 0), 4U);
}

// Seven milliseconds each, of which one waits: one or two end between two looks.
TEST(scale_rule_test, a_few_that_end_between_two_looks_are_not_taken_for_a_slow_pool) {
  watched_pool pool;
  for (int i = 0; i != 100; ++i) EXPECT_EQ(pool.look(1, i % 3 == 0 ? 2 : 1, 0), 2U);
}

TEST(scale_rule_test, nothing_is_late_while_a_worker_is_idle_who_is_about_to_take_it) {
  watched_pool pool;
  for (int i = 0; i != 100; ++i) EXPECT_EQ(pool.look(50, 0, 1), 2U);
}

TEST(scale_rule_test, it_stays_between_the_bounds) {
  watched_pool pool;
  for (int i = 0; i != 50; ++i) EXPECT_LE(pool.look(1'000, 1, 0), 16U);
  EXPECT_EQ(pool.workers, 16U);
  for (int i = 0; i != 500; ++i) EXPECT_GE(pool.look(0, 0, pool.workers), 2U);
  EXPECT_EQ(pool.workers, 2U);
}

TEST(scale_rule_test, a_pool_that_others_have_made_too_large_or_too_small_is_brought_back) {
  watched_pool pool;
  pool.workers = 40;
  EXPECT_EQ(pool.look(0, 0, 0), 16U);
  pool.workers = 1;
  EXPECT_EQ(pool.look(0, 0, 0), 2U);
}

TEST(scale_rule_test, half_of_those_who_were_idle_all_the_time_leave) {
  watched_pool pool;
  pool.workers = 16;
  for (int i = 0; i != 10; ++i) EXPECT_EQ(pool.look(0, 5, i == 4 ? 6U : 9U), 16U);
  EXPECT_EQ(pool.look(0, 5, 9), 13U);
  for (int i = 0; i != 9; ++i) EXPECT_EQ(pool.look(0, 5, 1), 13U);
  EXPECT_EQ(pool.look(0, 5, 1), 12U) << "at least one";
}

TEST(scale_rule_test, one_look_at_which_all_are_busy_begins_the_calm_anew) {
  watched_pool pool;
  pool.workers = 16;
  for (int round = 0; round != 20; ++round) {
    for (int i = 0; i != 9; ++i) EXPECT_EQ(pool.look(0, 5, 8), 16U);
    EXPECT_EQ(pool.look(0, 5, 0), 16U);
  }
}

// As a service would: work of a rate that two workers cannot do and four can, so that one size must hold.
TEST(scale_rule_test, a_steady_load_finds_one_size_and_keeps_it) {
  watched_pool pool;
  double queue = 0;
  unsigned changes = 0;
  for (int i = 0; i != 2'000; ++i) {
    queue += 35;  // tasks in ten milliseconds, of which a worker does ten
    const double done = std::min(queue, 10.0 * pool.workers);
    queue -= done;
    const auto idle = static_cast<unsigned>(std::floor(static_cast<double>(pool.workers) - done / 10));
    const unsigned before = pool.workers;
    (void)pool.look(static_cast<std::size_t>(queue), static_cast<std::uint64_t>(done), idle);
    if (i > 500 && pool.workers != before) ++changes;
  }
  EXPECT_EQ(pool.workers, 4U);
  EXPECT_EQ(changes, 0U);
}

TEST(scale_rule_test, after_a_pause_a_look_is_compared_with_none_before) {
  watched_pool pool;
  for (int i = 0; i != 10; ++i) (void)pool.look(0, 1, 0);
  pool.rule.pause();
  pool.now += 1h;
  EXPECT_EQ(pool.look(5, 1, 0), 2U);
  EXPECT_EQ(pool.look(5, 10, 0), 2U);
  EXPECT_EQ(pool.look(5, 10, 0), 2U);
}

}  // namespace
