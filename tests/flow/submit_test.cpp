// Jobs with a rate limiter: they come when they may, and hold nothing meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "time/timed_pool.hpp"

namespace {

using namespace filch_tests;

class limited_test : public timed_pool_test {};
INSTANTIATE_POOL_SHAPES(limited_test);

TEST_P(limited_test, so_many_come_as_the_limiter_lets_through) {
  filch::scheduler& pool = make_timed_pool();
  filch::rate_limiter ten(10, 3);
  std::vector<filch::future<int>> jobs;
  for (int i = 0; i != 20; ++i) jobs.push_back(filch::submit(pool, {.limiter = &ten}, [](int x) { return x; }, i));
  for (int i = 0; i != 20; ++i) {
    if (i >= 3) {
      EXPECT_FALSE(jobs[static_cast<std::size_t>(i)].ready());
      clock.advance(100ms);
    }
    EXPECT_EQ(jobs[static_cast<std::size_t>(i)].get(), i);
  }
}

TEST_P(limited_test, one_limiter_serves_several_pools) {
  filch::scheduler& one = make_timed_pool();
  filch::scheduler& other = make_timed_pool();
  filch::rate_limiter ten(10);
  std::vector<filch::future<void>> jobs;
  for (int i = 0; i != 10; ++i) jobs.push_back(filch::submit(i % 2 == 0 ? one : other, {.limiter = &ten}, [] {}));
  for (std::size_t i = 0; i != jobs.size(); ++i) {
    jobs[i].get();
    if (i + 1 != jobs.size()) {
      EXPECT_FALSE(jobs[i + 1].ready());
    }
    clock.advance(100ms);
  }
}

TEST_P(limited_test, a_million_a_second_comes_within_one_in_a_hundred) {
  filch::scheduler& pool = make_timed_pool();
  filch::rate_limiter million(1'000'000);
  held_workers held(pool, width());
  for (int i = 0; i != 3'000; ++i) (void)filch::submit(pool, {.limiter = &million}, [] {});
  for (int i = 1; i != 3; ++i) {
    clock.advance(1ms);
    EXPECT_NEAR(static_cast<double>(pool.metrics().waiting.normal), i * 1'000, i * 10);
  }
  held.release();
  clock.advance(1ms);
}

TEST_P(limited_test, those_that_wait_hold_no_worker) {
  filch::scheduler& pool = make_timed_pool();
  filch::rate_limiter slow(1);
  std::vector<filch::future<void>> jobs;
  for (int i = 0; i != 100; ++i) jobs.push_back(filch::submit(pool, {.limiter = &slow}, [] {}));
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
  EXPECT_TRUE(jobs[50].cancel());
  clock.advance(100s);
  for (std::size_t i = 0; i != jobs.size(); ++i) {
    if (i == 50)
      EXPECT_THROW(jobs[i].get(), filch::task_cancelled);
    else
      jobs[i].get();
  }
}

TEST_P(limited_test, without_a_limiter_it_is_a_submission_like_any_other) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(*filch::submit(pool, {}, [](std::unique_ptr<int> x) { return x; }, std::make_unique<int>(42)).get(), 42);
  EXPECT_EQ(filch::submit(pool, {.task = {.priority = filch::priority::high}}, [] { return 43; }).get(), 43);
}

TEST_P(limited_test, a_moment_is_used_up_whatever_becomes_of_its_task) {
  filch::scheduler& pool = make_timed_pool();
  filch::rate_limiter slow(1);
  filch::submit(pool, {.limiter = &slow}, [] {}).get();
  auto unwanted = filch::submit(pool, {.limiter = &slow}, [] {});
  EXPECT_TRUE(unwanted.cancel());
  auto next = filch::submit(pool, {.limiter = &slow}, [] {});
  held_workers held(pool, width());
  clock.advance(1s);
  EXPECT_EQ(pool.metrics().waiting.normal, 0U);
  clock.advance(1s);
  EXPECT_EQ(pool.metrics().waiting.normal, 1U);
  held.release();
  next.get();
}

TEST_P(limited_test, its_task_keeps_its_priority_whether_it_waits_or_not) {
  filch::scheduler& pool = make_timed_pool();
  filch::rate_limiter limiter(1'000);
  held_workers held(pool, width());
  for (filch::rate_limiter* const by : {static_cast<filch::rate_limiter*>(nullptr), &limiter, &limiter})
    (void)filch::submit(pool, {.task = {.priority = filch::priority::high}, .limiter = by}, [] {});
  clock.advance(1s);
  EXPECT_EQ(pool.metrics().waiting.high, 3U);
  EXPECT_EQ(pool.metrics().waiting.normal, 0U);
  held.release();
}

TEST_P(limited_test, each_end_of_the_pool_as_for_what_waits_for_its_time) {
  for (const bool cancels : {false, true}) {
    filch::scheduler& pool = make_timed_pool();
    filch::rate_limiter ten(10);
    std::atomic<unsigned> ran{0};
    for (int i = 0; i != 10; ++i) (void)filch::submit(pool, {.limiter = &ten}, [&] { ran.fetch_add(1); });
    EXPECT_TRUE(eventually([&] { return ran.load() == 1; }));
    std::thread moves;
    if (cancels)
      (void)pool.shutdown_now();
    else
      moves = std::thread([&] { clock.advance(1s); });
    const filch::shutdown_counts counts = pool.shutdown();
    if (moves.joinable()) moves.join();
    EXPECT_EQ(counts.finished, cancels ? 1U : 10U);
    EXPECT_EQ(counts.cancelled, cancels ? 9U : 0U);
    EXPECT_THROW((void)filch::submit(pool, {.limiter = &ten}, [] {}), filch::closed);
  }
}

TEST_P(limited_test, a_stop_token_ends_those_that_wait) {
  filch::scheduler& pool = make_timed_pool();
  filch::rate_limiter slow(1);
  std::stop_source group;
  std::vector<filch::future<void>> jobs;
  const filch::job_options options{.task = {.stop = group.get_token()}, .limiter = &slow};
  for (int i = 0; i != 10; ++i) jobs.push_back(filch::submit(pool, options, [] {}));
  jobs[0].wait();
  group.request_stop();
  for (std::size_t i = 1; i != jobs.size(); ++i) EXPECT_THROW(jobs[i].get(), filch::task_cancelled);
}

TEST_P(limited_test, an_empty_callable_takes_no_moment) {
  filch::scheduler& pool = make_timed_pool();
  filch::rate_limiter slow(1);
  EXPECT_THROW((void)filch::submit(pool, {.limiter = &slow}, std::function<void()>()), std::invalid_argument);
  filch::submit(pool, {.limiter = &slow}, [] {}).get();
}

}  // namespace
