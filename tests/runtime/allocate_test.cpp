// Where the memory of tasks comes from, and that it goes back after a burst.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class allocate_test : public shaped_pool_test {
 protected:
  static constexpr std::size_t kept = std::size_t{4} * 1024 * 1024;  // what a few slabs may retain, and what rings nobody
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

TEST_P(allocate_test, a_burst_whose_futures_go_while_the_pool_sleeps_leaves_little_behind) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<filch::future<int>> futures;
  for (int i = 0; i != 300'000; ++i) futures.push_back(pool.submit([i] { return i; }));
  for (const auto& each : futures) each.wait();
  ASSERT_TRUE(eventually([&] { return is_at_rest(pool); }));
  EXPECT_GT(pool.metrics().task_memory, 2 * kept);
  futures.clear();
  EXPECT_LT(pool.metrics().task_memory, kept);
}

TEST_P(allocate_test, a_burst_of_a_worker_that_sleeps_is_no_exception) {
  filch::scheduler& pool = make_shaped_pool();
  auto futures = pool.submit([&] {
                       std::vector<filch::future<int>> made;
                       for (int i = 0; i != 300'000; ++i) made.push_back(pool.submit([i] { return i; }));
                       return made;
                     }).get();
  for (const auto& each : futures) each.wait();
  ASSERT_TRUE(eventually([&] { return is_at_rest(pool); }));
  EXPECT_GT(pool.metrics().task_memory, 2 * kept);
  futures.clear();
  EXPECT_TRUE(eventually([&] { return pool.metrics().task_memory < kept; }));
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
