// What stands above a pool is made once and hears of the pool's end, whenever it is made.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"
#include "runtime/pool_service.hpp"

namespace {

using namespace filch_tests;

using filch::detail::pool_core;
using filch::detail::pool_service;

class listener final : public pool_service {
 public:
  void drain() noexcept override { ++drained; }
  void cancel() noexcept override { ++cancelled; }
  void work_has_come() noexcept override { ++told; }
  void stop() noexcept override { ++stopped; }
  std::atomic<int> drained{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> told{0};
  std::atomic<int> stopped{0};
};

class service_test : public shaped_pool_test {
 protected:
  static pool_core& core_of(filch::scheduler& pool) { return filch::detail::scheduler_access::core(pool); }
  static listener& listener_of(filch::scheduler& pool) {
    return static_cast<listener&>(
        core_of(pool).service([](pool_core&) -> std::unique_ptr<pool_service> { return std::make_unique<listener>(); }));
  }
};
INSTANTIATE_POOL_SHAPES(service_test);

TEST_P(service_test, is_made_once) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<std::thread> threads;
  std::vector<listener*> seen(4);
  for (std::size_t i = 0; i != seen.size(); ++i) threads.emplace_back([&, i] { seen[i] = &listener_of(pool); });
  for (std::thread& each : threads) each.join();
  for (const listener* each : seen) EXPECT_EQ(each, seen[0]);
}

TEST_P(service_test, what_cannot_be_made_is_made_the_next_time) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_THROW(core_of(pool).service([](pool_core&) -> std::unique_ptr<pool_service> { throw std::runtime_error("not now"); }),
               std::runtime_error);
  EXPECT_EQ(listener_of(pool).drained.load(), 0);
}

TEST_P(service_test, hears_of_each_end) {
  filch::scheduler& pool = make_shaped_pool();
  listener& heard = listener_of(pool);
  held_workers held(pool, 1);
  (void)pool.shutdown_for(0s);
  EXPECT_EQ(heard.drained.load(), 1);
  EXPECT_EQ(heard.cancelled.load(), 1);
  EXPECT_EQ(heard.stopped.load(), 0);
  held.release();
  pool.shutdown();
  EXPECT_GE(heard.stopped.load(), 1);
}

TEST_P(service_test, hears_once_of_the_first_worker_that_wakes_after_all_have_slept) {
  filch::scheduler& pool = make_shaped_pool();
  listener& heard = listener_of(pool);
  for (int round = 1; round != 4; ++round) {
    EXPECT_TRUE(eventually([&] { return core_of(pool).watch_for_work(); }));
    pool.submit([] {}).get();
    EXPECT_TRUE(eventually([&] { return heard.told.load() == round; }));
    held_workers held(pool, width());  // whoever of the others wakes says nothing
  }
  EXPECT_EQ(heard.told.load(), 3);
}

TEST_P(service_test, who_finds_a_worker_awake_is_not_told) {
  filch::scheduler& pool = make_shaped_pool();
  listener& heard = listener_of(pool);
  {
    held_workers held(pool, 1);
    EXPECT_FALSE(core_of(pool).watch_for_work());
  }
  pool.submit([] {}).get();
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  pool.submit([] {}).get();
  EXPECT_EQ(heard.told.load(), 0);
}

TEST_P(service_test, made_late_it_hears_what_it_has_missed) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, 1);
  (void)pool.shutdown_now();
  listener& heard = listener_of(pool);
  EXPECT_EQ(heard.drained.load(), 1);
  EXPECT_EQ(heard.cancelled.load(), 1);
  held.release();
  pool.shutdown();
  EXPECT_GE(heard.stopped.load(), 1);
}

TEST_P(service_test, made_after_the_end_it_is_stopped_by_the_next_call) {
  filch::scheduler& pool = make_shaped_pool();
  pool.shutdown();
  listener& heard = listener_of(pool);
  EXPECT_EQ(heard.drained.load(), 1);
  pool.shutdown();
  EXPECT_EQ(heard.stopped.load(), 1);
}

TEST_P(service_test, made_while_the_pool_closes_it_hears_of_it_in_any_case) {
  for (unsigned round = 0; round != scaled(1'000) + 5; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    std::thread ends([&] { (void)pool.shutdown_now(); });
    listener& heard = listener_of(pool);
    ends.join();
    EXPECT_GE(heard.drained.load(), 1);
    EXPECT_GE(heard.cancelled.load(), 1);
    destroy_pool(pool);
  }
}

}  // namespace
