// Which tasks are sampled.
#include "probe/sampler.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using filch::detail::latency_sampler;
using filch::detail::steady_nanoseconds;

TEST(sampler, one_in_none_is_never) {
  latency_sampler sampler;
  for (int i = 0; i != 1000; ++i) EXPECT_EQ(sampler.stamp(0), 0);
}

TEST(sampler, one_in_one_is_always_and_the_stamp_is_the_time) {
  latency_sampler sampler;
  for (int i = 0; i != 10; ++i) {
    const std::int64_t before = steady_nanoseconds();
    const std::int64_t stamp = sampler.stamp(1);
    EXPECT_GE(stamp, before);
    EXPECT_LE(stamp, steady_nanoseconds());
  }
}

TEST(sampler, one_in_so_many_is_stamped_and_no_other) {
  for (const unsigned one_in : {2U, 3U, 64U}) {
    latency_sampler sampler;
    for (unsigned round = 0; round != 5; ++round) {
      for (unsigned i = 1; i != one_in; ++i) ASSERT_EQ(sampler.stamp(one_in), 0);
      ASSERT_NE(sampler.stamp(one_in), 0);
    }
  }
}

}  // namespace
