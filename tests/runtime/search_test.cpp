// No work: an idle pool costs nothing, and work wakes as many as it has use for.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;

class search_test : public shaped_pool_test {
 protected:
  /// Expects that the pool's threads, named "quiet/...", are left alone for a while.
  static void expect_quiet() {
    const std::uint64_t switches = context_switches("quiet/");
    const auto cpu = cpu_time_of_others();
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(context_switches("quiet/"), switches);
    // Who searched would use the whole 100 ms. An emulated machine, which is announced to its tests, accounts roughly.
    EXPECT_LT(cpu_time_of_others() - cpu, std::getenv("FILCH_EXPECTED_MACHINE") == nullptr ? 5ms : 25ms);
  }

  static filch::scheduler_options quiet_shape() {
    filch::scheduler_options options = shape();
    options.name = "quiet";
    return options;
  }
};
INSTANTIATE_POOL_SHAPES(search_test);

/// So many tasks meet: each stays until all are there. Copies are the same meeting.
class meeting {
 public:
  explicit meeting(unsigned expected) : missing_(std::make_shared<std::atomic<unsigned>>(expected)) {}
  void arrive_and_wait() const {
    if (missing_->fetch_sub(1) == 1) complete_.set();
    EXPECT_TRUE(complete_.wait()) << missing_->load() << " never came";
  }

 private:
  std::shared_ptr<std::atomic<unsigned>> missing_;
  event complete_;
};

TEST_P(search_test, a_new_pool_uses_no_cpu_and_makes_no_context_switch) {
  filch::scheduler& pool = make_pool(quiet_shape());
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  std::this_thread::sleep_for(5ms);  // the last worker has marked itself as parked and goes into the system call
  expect_quiet();
}

TEST_P(search_test, a_pool_that_has_worked_and_blocked_is_quiet_again) {
  filch::scheduler& pool = make_pool(quiet_shape());
  filch::scheduler& elsewhere = make_pool({.workers = 1, .name = "quiet/e"});
  for (int round = 0; round != 50; ++round) {
    std::vector<filch::future<void>> tasks;
    for (int i = 0; i != 20; ++i) tasks.push_back(pool.submit([&] { elsewhere.submit([] {}).get(); }));
    for (auto& each : tasks) each.get();
  }
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool) && is_at_rest(elsewhere); }));
  std::this_thread::sleep_for(5ms);
  expect_quiet();
}

TEST_P(search_test, one_long_task_leaves_the_others_parked) {
  filch::scheduler& pool = make_pool(quiet_shape());
  const event go;
  const event inside;
  auto task = pool.submit([&, go] {
    inside.set();
    EXPECT_TRUE(go.wait());  // asleep: what is seen are the others
  });
  EXPECT_TRUE(inside.wait());
  const auto parked = [&] {
    const filch::worker_metrics total = pool.metrics().total();
    return total.parks - total.wakes;
  };
  EXPECT_TRUE(eventually([&] { return parked() == width() - 1; }));
  std::this_thread::sleep_for(5ms);
  expect_quiet();
  go.set();
  task.get();
}

TEST_P(search_test, a_burst_wakes_as_many_workers_as_it_has_tasks) {
  filch::scheduler& pool = make_shaped_pool();
  for (int round = 0; round != 30; ++round) {
    EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
    const meeting everybody(width());
    std::vector<filch::future<void>> tasks;
    for (unsigned i = 0; i != width(); ++i) tasks.push_back(pool.submit([everybody] { everybody.arrive_and_wait(); }));
    for (auto& each : tasks) each.get();
  }
}

TEST_P(search_test, a_burst_from_a_task_wakes_the_others) {
  filch::scheduler& pool = make_shaped_pool();
  for (int round = 0; round != 30; ++round) {
    EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
    const meeting everybody(width());
    auto first = pool.submit([&] {
      for (unsigned i = 1; i != width(); ++i) pool.post([everybody] { everybody.arrive_and_wait(); });
      everybody.arrive_and_wait();
    });
    first.get();
  }
}

TEST_P(search_test, one_task_does_not_wake_a_herd) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  const std::uint64_t before = pool.metrics().total().wakes;
  constexpr unsigned rounds = 200;
  for (unsigned round = 0; round != rounds; ++round) {
    pool.submit([] {}).get();
    EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  }
  const std::uint64_t wakes = pool.metrics().total().wakes - before;
  EXPECT_GE(wakes, rounds);
  EXPECT_LE(wakes, 2 * rounds) << "each task is work for one; a second may be told while the first is on its way";
}

TEST_P(search_test, wait_idle_wakes_up_each_time) {
  filch::scheduler& pool = make_shaped_pool();
  for (unsigned round = 0; round != scaled(5'000); ++round) {
    std::atomic<int> ran{0};
    for (int i = 0; i != 3; ++i)
      pool.post([&] {
        pool.post([&] { ran.fetch_add(1); });
        ran.fetch_add(1);
      });
    pool.wait_idle();
    ASSERT_EQ(ran.load(), 6);
  }
}

}  // namespace
