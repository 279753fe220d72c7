// Looking at a pool: metrics while it runs, and the description for people.
#include <gtest/gtest.h>

#include <atomic>
#include <sstream>
#include <string>
#include <thread>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class snapshot_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(snapshot_test);

void expect_consistent(const filch::pool_metrics& metrics) {
  const filch::worker_metrics total = metrics.total();
  EXPECT_LE(total.executed + total.cancelled, metrics.submitted());
  const auto row = [](const filch::worker_metrics& each) {
    EXPECT_LE(each.stolen + each.lost, each.steal_attempts);
    EXPECT_LE(each.wakes, each.parks);
    EXPECT_LE(each.failed, each.executed);
    EXPECT_LE(each.injected_batches, each.injected_tasks);
  };
  for (const filch::worker_metrics& each : metrics.workers) row(each);
  for (const filch::worker_metrics& each : metrics.spares) row(each);
}

/// No counter of `after` is smaller than that of `before`.
void expect_grown(const filch::worker_metrics& before, const filch::worker_metrics& after) {
  EXPECT_LE(before.executed, after.executed);
  EXPECT_LE(before.spawned, after.spawned);
  EXPECT_LE(before.stolen, after.stolen);
  EXPECT_LE(before.steal_attempts, after.steal_attempts);
  EXPECT_LE(before.parks, after.parks);
  EXPECT_LE(before.wakes, after.wakes);
  EXPECT_LE(before.injected_tasks, after.injected_tasks);
}

TEST_P(snapshot_test, metrics_are_consistent_while_the_pool_works) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<bool> enough{false};
  std::thread submitter([&] {
    while (!enough) {
      auto future = pool.submit([&] {
        for (int i = 0; i != 5; ++i) (void)pool.submit([] { throw 1; });
        pool.submit([] {}).get();
      });
      future.get();
    }
  });
  filch::worker_metrics before;
  for (unsigned sample = 0; sample != scaled(2'000); ++sample) {
    const filch::pool_metrics now = pool.metrics();
    expect_consistent(now);
    expect_grown(before, now.total());
    before = now.total();
    if (testing::Test::HasFailure()) break;
  }
  enough = true;
  submitter.join();
  pool.wait_idle();
  const filch::pool_metrics last = pool.metrics();
  EXPECT_EQ(last.total().executed, last.submitted());
}

/// Posts the next of itself, so that never more than one is queued or runs, but for the end of the one before.
struct link {
  filch::scheduler* pool;
  unsigned left;
  void operator()() const {
    if (left != 0) pool->post(link{pool, left - 1});
  }
};

TEST_P(snapshot_test, a_chain_is_never_seen_ahead_of_itself) {
  filch::scheduler& pool = make_shaped_pool();
  const unsigned links = scaled(500'000);
  pool.post(link{&pool, links - 1});
  for (filch::pool_metrics now = pool.metrics(); now.total().executed != links; now = pool.metrics())
    ASSERT_LE(now.total().executed, now.submitted());
}

TEST_P(snapshot_test, what_a_spare_spawns_is_seen_no_later_than_it_is_run) {
  for (unsigned round = 0; round != scaled(50); ++round) {
    filch::scheduler elsewhere({.workers = 1});
    filch::scheduler pool(shape());
    std::atomic<bool> enough{false};
    std::thread looker([&] {
      while (!enough) {
        const filch::pool_metrics metrics = pool.metrics();
        const filch::worker_metrics total = metrics.total();
        if (total.executed + total.cancelled > metrics.submitted()) {
          ADD_FAILURE() << total.executed << " executed, " << metrics.submitted() << " submitted";
          return;
        }
      }
    });
    {
      held_workers far(elsewhere, 1);
      auto blocked = pool.submit([&] { elsewhere.submit([] {}).get(); });
      for (int i = 0; i != 20; ++i)
        pool.post([&] {
          for (int j = 0; j != 20; ++j) pool.post([] {});
        });
      far.release();
      blocked.get();
    }
    pool.wait_idle();
    enough = true;
    looker.join();
    EXPECT_EQ(pool.metrics().unfinished(), 0U);
  }
}

TEST_P(snapshot_test, the_counters_add_up_when_the_pool_is_idle) {
  filch::scheduler& pool = make_shaped_pool();
  for (int i = 0; i != 100; ++i) pool.post([&] { pool.submit([] {}).get(); });
  pool.wait_idle();
  const filch::pool_metrics metrics = pool.metrics();
  const filch::worker_metrics total = metrics.total();
  EXPECT_EQ(metrics.workers.size(), width());
  EXPECT_EQ(metrics.submitted(), 200U);
  EXPECT_EQ(metrics.outside.spawned, 100U);
  EXPECT_EQ(total.executed, 200U);
  EXPECT_EQ(total.cancelled, 0U);
  EXPECT_EQ(total.failed, 0U);
  EXPECT_GE(total.injected_tasks, 100U);
  EXPECT_LE(total.claims, 100U);
  EXPECT_EQ(metrics.dropped_exceptions, 0U);
}

TEST_P(snapshot_test, cancelled_tasks_are_counted_where_they_were_ended) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  for (int i = 0; i != 10; ++i) pool.post([] {});
  pool.shutdown_now();
  EXPECT_EQ(pool.metrics().total().cancelled, 10U);
  held.release();
  pool.shutdown();
  EXPECT_EQ(pool.metrics().total().executed, width());
}

TEST_P(snapshot_test, what_helpers_run_is_counted_outside) {
  filch::scheduler& pool = make_shaped_pool();
  {
    const held_workers held(pool, width());
    pool.submit([] {}).get(filch::help);
    EXPECT_THROW(pool.submit([] { throw 1; }).get(filch::help), int);
    const filch::worker_metrics outside = pool.metrics().outside;
    EXPECT_EQ(outside.executed, 2U);
    EXPECT_EQ(outside.claims, 2U);
    EXPECT_EQ(outside.failed, 1U);
  }
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().total().executed, width() + 2);
}

TEST_P(snapshot_test, the_table_has_a_line_for_everybody) {
  filch::scheduler& pool = make_shaped_pool();
  pool.submit([] {}).get();
  std::ostringstream out;
  out << pool.metrics();
  const std::string text = out.str();
  for (const char* const word : {"worker", "executed", "outside", "total", "p50", "p99", "spares in use"})
    EXPECT_NE(text.find(word), std::string::npos) << text;
}

TEST_P(snapshot_test, describe_says_how_many_where_and_why) {
  filch::scheduler_options options = shape();
  options.name = "descriptive";
  const filch::scheduler& pool = make_pool(std::move(options));
  const std::string text = pool.describe();
  const std::string count = std::to_string(width()) + (width() == 1 ? " worker" : " workers");
  for (const std::string& part : {count, std::string("scheduler_options::workers"), std::string("\"descriptive\""),
                                  std::string("pinning: "), std::string("32 spares"), std::string("cpus "),
                                  "worker " + std::to_string(width() - 1)})
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
}

}  // namespace
