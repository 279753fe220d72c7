// How long a job waits for its next attempt.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include <filch/detail/flow/job.hpp>
#include <filch/flow/retry_options.hpp>

namespace {

using namespace std::chrono_literals;
using filch::detail::wait_after;

TEST(wait_after, grows_by_the_factor_up_to_the_longest) {
  const filch::retry_options doubled{.wait = 100ms, .longest = 1s, .jitter = 0};
  EXPECT_EQ(wait_after(doubled, 1, 7), 100ms);
  EXPECT_EQ(wait_after(doubled, 2, 7), 200ms);
  EXPECT_EQ(wait_after(doubled, 4, 7), 800ms);
  EXPECT_EQ(wait_after(doubled, 5, 7), 1s);
  EXPECT_EQ(wait_after(doubled, 1'000'000, 7), 1s);
  const filch::retry_options same{.wait = 5ms, .factor = 1, .jitter = 0};
  for (int i = 1; i != 10; ++i) EXPECT_EQ(wait_after(same, i, 7), 5ms);
}

TEST(wait_after, leaves_a_share_to_chance) {
  const filch::retry_options half{.wait = 1s, .factor = 1};
  std::chrono::nanoseconds least = 1h;
  std::chrono::nanoseconds most = 0ns;
  for (std::uint64_t number = 0; number != 1'000; ++number) {
    const std::chrono::nanoseconds wait = wait_after(half, 1, number);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, 500ms);
  EXPECT_LT(least, 510ms);
  EXPECT_LE(most, 1s);
  EXPECT_GT(most, 990ms);
  EXPECT_LT(wait_after({.wait = 1s, .jitter = 1}, 1, 0), 1s);
}

TEST(wait_after, no_number_is_too_large_or_too_small) {
  EXPECT_EQ(wait_after({.wait = 0ns}, 2'000, 7), 0ns);
  EXPECT_EQ(wait_after({.wait = 0ns, .factor = 1e200}, 3, 7), 0ns);
  EXPECT_EQ(wait_after({.wait = 1s, .longest = 0ns}, 1, 7), 0ns);
  constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();
  EXPECT_GT(wait_after({.wait = forever, .factor = std::numeric_limits<double>::max(), .longest = forever, .jitter = 0}, 9, 7),
            100 * 365 * 24h);
}

}  // namespace
