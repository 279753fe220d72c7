// One at a time, and at least once after each call.
#include <filch/detail/base/combined_calls.hpp>

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace {

using filch::detail::combined_calls;

TEST(combined_calls, each_call_that_meets_nobody_is_an_action) {
  combined_calls<> calls;
  int actions = 0;
  for (int i = 0; i != 3; ++i) calls.call([&] { ++actions; });
  EXPECT_EQ(actions, 3);
}

TEST(combined_calls, those_that_come_meanwhile_share_the_next_action) {
  combined_calls<> calls;
  int actions = 0;
  calls.call([&] {
    if (++actions != 1) return;
    for (int i = 0; i != 5; ++i) calls.call([&] { ADD_FAILURE() << "two at a time"; });
  });
  EXPECT_EQ(actions, 2);
  calls.call([&] { ++actions; });
  EXPECT_EQ(actions, 3);
}

TEST(combined_calls, a_stampede_is_seen_whole_by_the_last_action) {
  constexpr unsigned threads = 4;
  constexpr unsigned calls_each = 20'000;
  combined_calls<> calls;
  std::atomic<unsigned> done{0};
  unsigned inside = 0;  // not atomic: one at a time, each after the one before
  unsigned seen = 0;
  filch_tests::stampede(threads, [&](unsigned) {
    for (unsigned i = 0; i != calls_each; ++i) {
      done.fetch_add(1, std::memory_order_relaxed);
      calls.call([&] {
        EXPECT_EQ(inside++, 0U);
        seen = done.load(std::memory_order_relaxed);
        --inside;
      });
    }
  });
  EXPECT_EQ(seen, threads * calls_each);
}

}  // namespace
