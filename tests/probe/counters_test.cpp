// Counters with one writer and any number of readers.
#include "probe/counters.hpp"

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>

namespace {

using filch::worker_metrics;
using filch::detail::counter;
using filch::detail::latency_recorder;
using filch::detail::worker_counters;
using filch_tests::stampede;
using filch_tests::tries;

TEST(counters, a_counter_adds_up) {
  counter one;
  EXPECT_EQ(one.read(), 0U);
  one.add(1);
  one.add(0);
  one.add(41);
  EXPECT_EQ(one.read(), 42U);
}

TEST(counters, a_row_has_each_counter_in_its_place) {
  worker_counters counters;
  counters.executed.add(1);
  counters.cancelled.add(2);
  counters.failed.add(3);
  counters.stolen.add(4);
  counters.steal_attempts.add(5);
  counters.lost.add(6);
  counters.injected_batches.add(7);
  counters.injected_tasks.add(8);
  counters.spills.add(9);
  counters.parks.add(10);
  counters.wakes.add(11);
  counters.claims.add(12);
  counters.blocked_waits.add(13);
  const worker_metrics row = counters.read();
  EXPECT_EQ(row.executed, 1U);
  EXPECT_EQ(row.cancelled, 2U);
  EXPECT_EQ(row.failed, 3U);
  EXPECT_EQ(row.stolen, 4U);
  EXPECT_EQ(row.steal_attempts, 5U);
  EXPECT_EQ(row.lost, 6U);
  EXPECT_EQ(row.injected_batches, 7U);
  EXPECT_EQ(row.injected_tasks, 8U);
  EXPECT_EQ(row.spills, 9U);
  EXPECT_EQ(row.parks, 10U);
  EXPECT_EQ(row.wakes, 11U);
  EXPECT_EQ(row.claims, 12U);
  EXPECT_EQ(row.blocked_waits, 13U);
  EXPECT_EQ(row.spawned, 0U) << "stands elsewhere";
}

TEST(counters, the_recorder_puts_each_latency_into_its_bucket) {
  latency_recorder recorder;
  recorder.record(3);
  recorder.record(3);
  recorder.record(-5);
  filch::latency_histogram sum;
  recorder.add_to(sum);
  recorder.add_to(sum);
  EXPECT_EQ(sum.count(), 6U);
  EXPECT_EQ(sum.quantile(0).count(), 0);
  EXPECT_EQ(sum.quantile(0.34).count(), 3);
}

// Counted by the writer as cause, effect; a reader must never see an effect without its cause.
TEST(counters, no_reader_sees_an_effect_before_its_cause) {
  constexpr std::uint64_t count = tries(2'000'000, 100'000);
  worker_counters counters;
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> inconsistent{0};
  stampede(3, [&](unsigned part) {
    if (part == 0) {
      for (std::uint64_t i = 0; i != count; ++i) {
        counters.steal_attempts.add(1);
        (i % 2 == 0 ? counters.stolen : counters.lost).add(1);
        counters.parks.add(1);
        counters.wakes.add(1);
        counters.executed.add(1);
        counters.failed.add(1);
      }
      done.store(true);
      return;
    }
    worker_metrics last;
    while (!done.load()) {
      const worker_metrics now = counters.read();
      const bool consistent = now.stolen + now.lost <= now.steal_attempts && now.wakes <= now.parks &&
                              now.failed <= now.executed && now.executed >= last.executed;
      if (!consistent) inconsistent.fetch_add(1);
      last = now;
    }
  });
  EXPECT_EQ(inconsistent.load(), 0U);
  EXPECT_EQ(counters.read().executed, count);
}

}  // namespace
