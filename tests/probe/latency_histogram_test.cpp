// Buckets, and quantiles against the sorted samples themselves.
#include <filch/probe/latency_histogram.hpp>

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

using filch::latency_histogram;
using filch_tests::dice;

constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t last_bucket = latency_histogram::bucket_of(longest);

void add(latency_histogram& to, std::int64_t nanoseconds, std::uint64_t samples = 1) {
  to.add(latency_histogram::bucket_of(nanoseconds), samples);
}

TEST(latency_histogram, a_bucket_ends_where_the_next_one_begins) {
  std::int64_t last_end = -1;
  for (std::size_t bucket = 0; bucket <= last_bucket; ++bucket) {
    const std::int64_t end = latency_histogram::upper_bound(bucket);
    ASSERT_GT(end, last_end) << "bucket " << bucket;
    ASSERT_EQ(latency_histogram::bucket_of(end), bucket);
    ASSERT_EQ(latency_histogram::bucket_of(last_end + 1), bucket);
    last_end = end;
  }
  EXPECT_EQ(last_end, longest);
  EXPECT_LT(last_bucket, latency_histogram::bucket_count);
}

TEST(latency_histogram, a_bucket_is_at_most_an_eighth_of_its_durations_wide) {
  for (std::size_t bucket = 1; bucket <= last_bucket; ++bucket) {
    const std::int64_t shortest = latency_histogram::upper_bound(bucket - 1) + 1;
    EXPECT_LE(latency_histogram::upper_bound(bucket) - shortest, shortest / 8) << "bucket " << bucket;
  }
}

TEST(latency_histogram, negative_durations_count_as_zero) {
  EXPECT_EQ(latency_histogram::bucket_of(0), 0U);
  EXPECT_EQ(latency_histogram::bucket_of(-1), 0U);
  EXPECT_EQ(latency_histogram::bucket_of(std::numeric_limits<std::int64_t>::min()), 0U);
}

TEST(latency_histogram, an_empty_one_has_quantile_zero) {
  const latency_histogram empty;
  EXPECT_EQ(empty.count(), 0U);
  for (const double fraction : {0.0, 0.5, 1.0}) EXPECT_EQ(empty.quantile(fraction).count(), 0);
}

TEST(latency_histogram, one_sample_is_every_quantile) {
  for (const std::int64_t sample : {std::int64_t{0}, std::int64_t{15}, std::int64_t{1000}, longest}) {
    latency_histogram one;
    add(one, sample);
    EXPECT_EQ(one.count(), 1U);
    for (const double fraction : {-1.0, 0.0, 0.3, 1.0, 7.0}) {
      EXPECT_GE(one.quantile(fraction).count(), sample);
      EXPECT_LE(one.quantile(fraction).count() - sample, sample / 8);
    }
  }
}

TEST(latency_histogram, quantiles_are_at_most_an_eighth_above_those_of_the_sorted_samples) {
  dice random(1);
  for (int round = 0; round != 200; ++round) {
    latency_histogram histogram;
    std::vector<std::int64_t> samples(static_cast<std::size_t>(1 + random.roll(3000)));
    for (std::int64_t& each : samples) {
      each = static_cast<std::int64_t>(random.roll64(std::uint64_t{1} << (1 + random.roll(40))));
      add(histogram, each);
    }
    std::sort(samples.begin(), samples.end());
    ASSERT_EQ(histogram.count(), samples.size());
    for (const double fraction : {0.0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const volatile double product = fraction * static_cast<double>(samples.size());
      const auto rank = static_cast<std::size_t>(std::ceil(product));
      const std::int64_t exact = samples[std::max<std::size_t>(rank, 1) - 1];
      const std::int64_t found = histogram.quantile(fraction).count();
      ASSERT_GE(found, exact) << "a fraction of the samples must not exceed its quantile";
      ASSERT_LE(found - exact, exact / 8);
    }
  }
}

TEST(latency_histogram, a_fraction_outside_0_to_1_is_taken_as_the_nearest_and_no_number_as_0) {
  latency_histogram histogram;
  add(histogram, 3, 1);
  add(histogram, 7, 1);
  EXPECT_EQ(histogram.quantile(-1).count(), 3);
  EXPECT_EQ(histogram.quantile(std::numeric_limits<double>::quiet_NaN()).count(), 3);
  EXPECT_EQ(histogram.quantile(2).count(), 7);
}

TEST(latency_histogram, samples_are_counted_in_bulk) {
  latency_histogram histogram;
  add(histogram, 10, 90);
  add(histogram, 5000, 10);
  EXPECT_EQ(histogram.count(), 100U);
  EXPECT_EQ(histogram.quantile(0.9).count(), 10);
  EXPECT_GE(histogram.quantile(0.91).count(), 5000);
}

TEST(latency_histogram, every_bucket_is_that_of_some_duration) {
  EXPECT_EQ(last_bucket + 1, latency_histogram::bucket_count);
  for (std::size_t bucket = 0; bucket != latency_histogram::bucket_count; ++bucket)
    EXPECT_EQ(latency_histogram::bucket_of(latency_histogram::upper_bound(bucket)), bucket);
}

TEST(latency_histogram, more_samples_than_a_double_counts_exactly_have_quantiles_too) {
  latency_histogram histogram;
  add(histogram, 10, (std::uint64_t{1} << 53) + 3);
  EXPECT_EQ(histogram.quantile(1).count(), 10);
}

}  // namespace
