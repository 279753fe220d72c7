// Running one task: what is gone by the time its future is ready, what by the time the pool is idle, and what becomes of an
// exception that nobody takes.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "memory/slab.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class run_task_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(run_task_test);

/// Counts the living copies of itself that were not moved from.
class witness {
 public:
  explicit witness(std::atomic<int>& living) : living_(&living) { living_->fetch_add(1); }
  witness(witness&& other) noexcept : living_(std::exchange(other.living_, nullptr)) {}
  witness& operator=(witness&&) = delete;
  ~witness() {
    if (living_ != nullptr) living_->fetch_sub(1);
  }

 private:
  std::atomic<int>* living_;
};

TEST_P(run_task_test, the_callable_and_its_arguments_are_gone_when_the_future_is_ready) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> living{0};
  for (int round = 0; round != 1'000; ++round) {
    auto future = pool.submit([held = witness(living)](const witness&) {}, witness(living));
    future.wait();
    ASSERT_EQ(living.load(), 0);
  }
}

TEST_P(run_task_test, the_callable_is_gone_also_when_the_task_threw) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> living{0};
  for (int round = 0; round != 100; ++round) {
    auto future = pool.submit([held = witness(living)] { throw 42; });
    EXPECT_THROW(future.get(), int);
    ASSERT_EQ(living.load(), 0);
  }
}

TEST_P(run_task_test, the_callable_is_gone_also_when_get_ran_the_task) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> living{0};
  const auto await_one = [&] {
    auto child = pool.submit([held = witness(living)] {});
    child.wait();
    return living.load();
  };
  for (int round = 0; round != 100; ++round) EXPECT_EQ(pool.submit(await_one).get(), 0);
  for (int round = 0; round != 100; ++round) {
    auto future = pool.submit([held = witness(living)] {});
    future.get(filch::help);
    EXPECT_EQ(living.load(), 0);
  }
}

TEST_P(run_task_test, when_the_pool_is_idle_the_results_nobody_wants_are_gone) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> living{0};
  for (int round = 0; round != 200; ++round) {
    for (int i = 0; i != 5; ++i) (void)pool.submit([&] { return witness(living); });
    pool.wait_idle();
    ASSERT_EQ(living.load(), 0);
  }
}

TEST_P(run_task_test, idle_means_that_what_the_last_task_left_behind_has_died_too) {
  struct dies_slowly {
    explicit dies_slowly(std::atomic<bool>& flag) : dead(&flag) {}
    dies_slowly(dies_slowly&& other) noexcept : dead(std::exchange(other.dead, nullptr)) {}
    dies_slowly& operator=(dies_slowly&&) = delete;
    ~dies_slowly() {
      if (dead == nullptr) return;
      std::this_thread::sleep_for(2ms);
      *dead = true;
    }
    std::atomic<bool>* dead;
  };
  filch::scheduler& pool = make_shaped_pool();
  for (int round = 0; round != 10; ++round) {
    std::atomic<bool> dead{false};
    const event about_to_end;
    (void)pool.submit([&dead, about_to_end] {
      about_to_end.set();
      return dies_slowly(dead);
    });
    EXPECT_TRUE(about_to_end.wait());
    while (!dead) {  // each of these counts would find the pool idle if the task counted as finished before its release
      pool.wait_idle();
      ASSERT_TRUE(dead.load());
    }
  }
}

TEST_P(run_task_test, a_result_lives_as_long_as_its_future_and_dies_once) {
  std::atomic<int> living{0};
  filch::future<witness> kept;
  {
    filch::scheduler& pool = make_shaped_pool();
    kept = pool.submit([&] { return witness(living); });
    pool.wait_idle();
    EXPECT_EQ(living.load(), 1);
    destroy_pool(pool);
  }
  EXPECT_EQ(living.load(), 1);
  { const witness taken = kept.get(); }
  EXPECT_EQ(living.load(), 0);
}

TEST_P(run_task_test, tasks_that_outsiders_and_workers_release_in_turn_use_the_same_memory_again) {
  filch::scheduler& pool = make_shaped_pool();
  const auto held = [] { return filch::detail::slab::in_existence(); };
  const auto burst = [&] {
    std::vector<filch::future<int>> futures;
    for (int i = 0; i != 200; ++i) futures.push_back(pool.submit([i] { return i; }));
    for (auto& each : futures) (void)each.get();
  };
  burst();
  const std::uint64_t slabs = held();
  for (unsigned round = 0; round != scaled(2'000); ++round) burst();
  EXPECT_LE(held(), slabs + 2);  // at most another submission slot was touched
}

TEST_P(run_task_test, a_task_may_drop_the_last_future_of_another) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> living{0};
  for (int round = 0; round != 500; ++round) {
    auto first = pool.submit([&] { return witness(living); });
    (void)pool.submit([dropped = std::move(first)]() mutable { const auto gone = std::move(dropped); });
  }
  pool.wait_idle();
  EXPECT_TRUE(eventually([&] { return living.load() == 0; }));
}

TEST_P(run_task_test, an_exception_in_a_dropped_future_is_counted) {
  filch::scheduler& pool = make_shaped_pool();
  {
    held_workers held(pool, width());
    for (int i = 0; i != 10; ++i) (void)pool.submit([] { throw std::runtime_error("nobody looks"); });
  }
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().dropped_exceptions, 10U);
}

TEST_P(run_task_test, an_exception_is_counted_whether_its_future_is_dropped_before_or_after_the_end) {
  filch::scheduler& pool = make_shaped_pool();
  for (int i = 0; i != 100; ++i) {
    const auto waited_for = pool.submit([] { throw 1; });
    waited_for.wait();
  }
  for (int i = 0; i != 900; ++i) (void)pool.submit([] { throw 1; });
  (void)pool.submit_bulk(std::vector<int>(24, 0), [](int) { throw 1; });
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().dropped_exceptions, 1'024U);
}

TEST_P(run_task_test, an_exception_may_be_dropped_after_its_pool) {
  filch::future<int> late;
  filch::future<int> taken;
  {
    filch::scheduler pool(shape());
    late = pool.submit([]() -> int { throw 1; });
    taken = pool.submit([]() -> int { throw 2; });
  }
  EXPECT_THROW((void)taken.get(), int);
  late = {};
}

TEST_P(run_task_test, an_exception_that_get_rethrows_is_not_counted_as_dropped) {
  filch::scheduler& pool = make_shaped_pool();
  for (int i = 0; i != 1'000; ++i) EXPECT_THROW(pool.submit([] { throw 1; }).get(), int);
  pool.submit([&] {
        for (int i = 0; i != 1'000; ++i) EXPECT_THROW(pool.submit([] { throw 1; }).get(), int);
      }).get();
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().dropped_exceptions, 0U);
}

}  // namespace
