// Which tasks are sampled.
#include "probe/sampler.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

using filch::detail::latency_sampler;
using filch::detail::steady_nanoseconds;

// Which of `count` tasks, queued together or one by one, were stamped.
std::vector<std::size_t> sampled(latency_sampler& sampler, std::size_t count, unsigned one_in) {
  std::vector<std::size_t> which;
  sampler.sample(count, one_in, [&](std::size_t i, std::int64_t) { which.push_back(i); });
  return which;
}

TEST(sampler, one_in_none_is_never) {
  latency_sampler sampler;
  for (int i = 0; i != 1000; ++i) EXPECT_TRUE(sampled(sampler, 1, 0).empty());
  EXPECT_TRUE(sampled(sampler, 1000, 0).empty());
}

TEST(sampler, one_in_one_is_always_and_the_stamp_is_the_time) {
  latency_sampler sampler;
  for (int i = 0; i != 10; ++i) {
    const std::int64_t before = steady_nanoseconds();
    std::int64_t stamp = 0;
    sampler.sample(1, 1, [&](std::size_t, std::int64_t now) { stamp = now; });
    EXPECT_GE(stamp, before);
    EXPECT_LE(stamp, steady_nanoseconds());
  }
}

TEST(sampler, one_in_so_many_is_stamped_however_they_are_queued) {
  for (const unsigned one_in : {1U, 2U, 3U, 64U})
    for (const std::size_t batch : {1U, 2U, 5U, 63U, 64U, 65U, 1000U}) {
      latency_sampler sampler;
      for (std::size_t first = 0; first < 1000; first += batch)
        for (const std::size_t i : sampled(sampler, batch, one_in))
          EXPECT_EQ((first + i) % one_in, one_in - 1) << "one in " << one_in << ", batches of " << batch;
      EXPECT_EQ(sampled(sampler, one_in, one_in).size(), 1U);
    }
}

TEST(sampler, of_so_many_queued_exactly_their_share_is_stamped) {
  latency_sampler sampler;
  std::size_t stamped = 0;
  for (const std::size_t batch : {1U, 7U, 100U, 3U, 64U, 0U, 17U, 448U}) stamped += sampled(sampler, batch, 64).size();
  EXPECT_EQ(stamped, (1U + 7U + 100U + 3U + 64U + 17U + 448U) / 64);
}

}  // namespace
