// Where the memory of tasks comes from, and that it goes back after a burst.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class allocate_test : public shaped_pool_test {
 protected:
  static constexpr std::size_t kept = std::size_t{8} * 1024 * 1024;  // what a few slabs may retain, and what rings nobody
};
INSTANTIATE_POOL_SHAPES(allocate_test);

TEST_P(allocate_test, what_is_too_large_for_a_slab_comes_from_the_heap) {
  filch::scheduler& pool = make_shaped_pool();
  const std::array<char, 4096> large{};
  EXPECT_EQ(pool.submit([large] { return large.size(); }).get(), large.size());
  EXPECT_EQ(pool.metrics().task_memory, 0U);
  EXPECT_EQ(pool.submit([&] { return pool.submit([large] { return large.size(); }).get(); }).get(), large.size());
  pool.submit([] {}).get();
  EXPECT_GT(pool.metrics().task_memory, 0U);
}

// Of tasks of 256 bytes: more than the pools keep, in little time.
constexpr int burst = 50'000;

std::vector<filch::future<int>> submit_burst(filch::scheduler& pool) {
  std::vector<filch::future<int>> made;
  for (int i = 0; i != burst; ++i)
    made.push_back(pool.submit([i, ballast = std::array<char, 160>{}] { return i + ballast[0]; }));
  return made;
}

std::vector<filch::future<int>> submit_burst_from_a_task(filch::scheduler& pool) {
  return pool.submit([&] { return submit_burst(pool); }).get();
}

/// The most unlucky order: the last few of each chunk go last.
void drop_across(std::vector<filch::future<int>>& futures) {
  constexpr std::size_t stride = 997;
  for (std::size_t first = 0; first != stride; ++first)
    for (std::size_t i = first; i < futures.size(); i += stride) futures[i] = {};
}

TEST_P(allocate_test, a_burst_whose_futures_go_while_the_pool_sleeps_leaves_little_behind) {
  for (const bool in_order : {true, false})
    for (const bool inside : {true, false}) {
      filch::scheduler& pool = make_shaped_pool();
      auto futures = inside ? submit_burst_from_a_task(pool) : submit_burst(pool);
      for (const auto& each : futures) each.wait();
      ASSERT_TRUE(eventually([&] { return is_at_rest(pool); }));
      EXPECT_GT(pool.metrics().task_memory, kept);
      if (!in_order) drop_across(futures);
      futures.clear();
      EXPECT_TRUE(eventually([&] { return pool.metrics().task_memory < kept; })) << pool.metrics().task_memory;
    }
}

TEST_P(allocate_test, a_worker_that_was_busy_while_its_burst_came_home_does_not_sleep_before_it_has_trimmed) {
  filch::scheduler& pool = make_shaped_pool();
  filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
  auto futures = submit_burst_from_a_task(pool);
  for (const auto& each : futures) each.wait();
  ASSERT_TRUE(eventually([&] { return is_at_rest(pool); }));
  held_workers held(pool, width());
  futures.resize(futures.size() / 4);
  unsigned behind = 0;
  for (unsigned i = 0; i != width(); ++i) {
    const filch::detail::worker& each = *core.worker_at(i);
    behind += each.wants_trim() ? 1 : 0;
    EXPECT_EQ(core.must_stay_awake(each.seat()), each.wants_trim()) << "worker " << i;
  }
  EXPECT_EQ(behind, 1U);
  futures.clear();
  held.release();
  EXPECT_TRUE(eventually([&] { return pool.metrics().task_memory < kept; })) << pool.metrics().task_memory;
}

TEST_P(allocate_test, a_burst_whose_futures_go_after_the_end_of_its_pool_leaves_little_behind) {
  filch::scheduler& pool = make_shaped_pool();
  auto inside = submit_burst_from_a_task(pool);
  auto outside = submit_burst(pool);
  pool.shutdown();
  inside.clear();
  drop_across(outside);
  EXPECT_LT(pool.metrics().task_memory, kept);
}

TEST_P(allocate_test, a_burst_whose_futures_go_in_tasks_of_another_pool_leaves_little_behind) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& other = make_shaped_pool();
  auto futures = submit_burst(pool);
  for (const auto& each : futures) each.wait();
  ASSERT_TRUE(eventually([&] { return is_at_rest(pool); }));
  for (auto& each : futures) other.post([dropped = std::move(each)] {});
  other.wait_idle();
  EXPECT_TRUE(eventually([&] { return pool.metrics().task_memory < kept; })) << pool.metrics().task_memory;
  EXPECT_TRUE(eventually([&] { return other.metrics().task_memory < kept; })) << other.metrics().task_memory;
}

TEST_P(allocate_test, futures_of_a_burst_may_go_while_their_pool_goes) {
  for (unsigned round = 0; round != scaled(20); ++round) {
    auto pool = std::make_unique<filch::scheduler>(shape());
    std::vector<filch::future<int>> futures;
    for (int i = 0; i != 20'000; ++i) futures.push_back(pool->submit([i] { return i; }));
    for (const auto& each : futures) each.wait();
    const std::jthread dropper([&] { futures.clear(); });
    pool.reset();
  }
}

}  // namespace
