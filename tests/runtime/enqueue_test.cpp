// From a task that was made to a worker that is awake: spilling, batches, sampling, and many submitters.
#include <gtest/gtest.h>

#include <atomic>
#include <ranges>
#include <thread>
#include <vector>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class enqueue_test : public shaped_pool_test {
 protected:
  /// A pool whose deques hold two tasks, so that nearly every push spills.
  filch::scheduler& make_spilling_pool() {
    filch::scheduler_options options = shape();
    options.deque_capacity = 2;
    return make_pool(std::move(options));
  }
};
INSTANTIATE_POOL_SHAPES(enqueue_test);

void expect_each_ran_once(const std::vector<std::atomic<int>>& runs) {
  for (std::size_t i = 0; i != runs.size(); ++i) ASSERT_EQ(runs[i].load(), 1) << "task " << i;
}

TEST_P(enqueue_test, a_full_deque_spills_its_older_half_and_loses_nothing) {
  filch::scheduler& pool = make_spilling_pool();
  std::vector<std::atomic<int>> runs(10'000);
  pool.submit([&] {
        for (std::atomic<int>& each : runs) pool.post([&each] { each.fetch_add(1); });
      }).get();
  pool.wait_idle();
  expect_each_ran_once(runs);
  EXPECT_GT(pool.metrics().total().spills, 0U);
}

TEST_P(enqueue_test, every_worker_spills_while_the_others_steal_and_each_task_runs_once) {
  filch::scheduler& pool = make_spilling_pool();
  constexpr std::size_t fan_out = 20;
  std::vector<std::atomic<int>> runs(scaled(4'000) * fan_out);
  for (std::size_t first = 0; first != runs.size(); first += fan_out)
    pool.post([&, first] {
      for (std::size_t i = first; i != first + fan_out; ++i) pool.post([&each = runs[i]] { each.fetch_add(1); });
    });
  pool.wait_idle();
  expect_each_ran_once(runs);
}

TEST_P(enqueue_test, a_batch_from_a_task_that_is_larger_than_its_deque_runs_whole) {
  filch::scheduler& pool = make_spilling_pool();
  for (const int size : {1, 2, 3, 100}) {
    std::vector<std::atomic<int>> runs(static_cast<std::size_t>(size));
    pool.submit([&] {
          pool.post_bulk(std::views::iota(std::size_t{0}, runs.size()), [&](std::size_t i) { runs[i].fetch_add(1); });
        }).get();
    pool.wait_idle();
    expect_each_ran_once(runs);
  }
}

TEST_P(enqueue_test, many_submitters_at_once_lose_nothing) {
  filch::scheduler& pool = make_shaped_pool();
  constexpr std::size_t submitters = 12;
  const std::size_t each_submits = scaled(20'000);
  std::vector<std::atomic<int>> runs(submitters * each_submits);
  std::vector<std::thread> threads;
  for (std::size_t s = 0; s != submitters; ++s)
    threads.emplace_back([&, s] {
      for (std::size_t i = s * each_submits; i != (s + 1) * each_submits; ++i) {
        if (i % 3 == 0) (void)pool.submit([&each = runs[i]] { each.fetch_add(1); });
        else pool.post([&each = runs[i]] { each.fetch_add(1); });
      }
    });
  for (std::thread& each : threads) each.join();
  pool.wait_idle();
  expect_each_ran_once(runs);
  EXPECT_EQ(pool.metrics().submitted(), runs.size());
}

TEST_P(enqueue_test, a_batch_wakes_every_worker_that_it_has_work_for) {
  filch::scheduler& pool = make_shaped_pool();
  for (int round = 0; round != 20; ++round) {
    EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
    std::atomic<unsigned> inside{0};
    for (auto& each : pool.submit_bulk(std::views::iota(0U, width()), [&](unsigned) {
           inside.fetch_add(1);
           return eventually([&] { return inside.load() == width(); });
         }))
      EXPECT_TRUE(each.get());
  }
}

TEST_P(enqueue_test, one_task_in_so_many_has_its_latency_sampled) {
  for (const std::uint32_t one_in : {0U, 1U, 10U}) {
    filch::scheduler_options options = shape();
    options.latency_sampling = one_in;
    filch::scheduler& pool = make_pool(std::move(options));
    for (int i = 0; i != 1'000; ++i) pool.submit([] {}).get();  // one thread, so one sampler
    const filch::latency_histogram latency = pool.metrics().latency;
    EXPECT_EQ(latency.count(), one_in == 0 ? 0 : 1'000 / one_in);
    EXPECT_EQ(latency.quantile(0.5) > 0ns, one_in != 0);
  }
}

TEST_P(enqueue_test, of_a_batch_one_in_so_many_is_sampled_as_well) {
  filch::scheduler_options options = shape();
  options.latency_sampling = 10;
  filch::scheduler& pool = make_pool(std::move(options));
  for (auto& each : pool.submit_bulk(std::vector<int>(1'000, 0), [](int) {})) each.get();
  EXPECT_EQ(pool.metrics().latency.count(), 100U);
  pool.submit([&] { for (auto& each : pool.submit_bulk(std::vector<int>(95, 0), [](int) {})) each.get(); }).get();
  EXPECT_GE(pool.metrics().latency.count(), 109U);
}

}  // namespace
