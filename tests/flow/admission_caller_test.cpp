// At a full gate: who is rejected, and who runs its task itself.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "flow/gate_fixture.hpp"

namespace {

using namespace filch_tests;

class admission_caller_test : public gate_test {};
INSTANTIATE_POOL_SHAPES(admission_caller_test);

TEST_P(admission_caller_test, who_is_rejected_is_told_and_nothing_is_queued) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 2, .when_full = filch::when_full::reject});
  held_workers held(pool, width());
  fill(pool, gate);
  auto kept = std::make_unique<int>(42);
  try {
    (void)filch::submit(pool, {.gate = &gate}, [](std::unique_ptr<int>) {}, std::move(kept));
    FAIL() << "not rejected";
  } catch (const filch::rejected& told) {
    EXPECT_NE(std::string(told.what()).find("all 2 places"), std::string::npos);
  }
  EXPECT_EQ(*kept, 42);
  EXPECT_EQ(gate.taken(), 2);
  EXPECT_EQ(gate.waiting(), 0);
  held.release();
  pool.wait_idle();
  EXPECT_EQ(filch::submit(pool, {.gate = &gate}, [] { return 1; }).get(), 1);
}

TEST_P(admission_caller_test, a_caller_that_runs_its_task_has_a_future_that_is_ready) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  held_workers held(pool, width());
  fill(pool, gate);
  const filch::job_options options{.gate = &gate};
  auto here = filch::submit(pool, options, [](std::unique_ptr<int> x) { return std::pair(std::this_thread::get_id(), *x); },
                            std::make_unique<int>(42));
  ASSERT_TRUE(here.ready());
  EXPECT_EQ(here.get(), std::pair(std::this_thread::get_id(), 42));
  auto failed = filch::submit(pool, options, [] { throw std::runtime_error("no"); });
  ASSERT_TRUE(failed.ready());
  EXPECT_THROW(failed.get(), std::runtime_error);
  EXPECT_FALSE(filch::submit(pool, options, [](std::stop_token stop) { return stop.stop_requested(); }).get());
  EXPECT_EQ(gate.taken(), 1);
}

TEST_P(admission_caller_test, a_caller_that_runs_its_task_is_inside_the_pool_meanwhile) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  std::optional<held_workers> held(std::in_place, pool, width());
  fill(pool, gate);
  event ended;
  std::optional<filch::future<std::thread::id>> nested;
  threads others;
  auto here = filch::submit(pool, {.gate = &gate}, [&] {
    nested.emplace(filch::submit(pool, {.gate = &gate}, [] { return std::this_thread::get_id(); }));
    EXPECT_FALSE(nested->ready());
    EXPECT_EQ(gate.taken(), 2);
    EXPECT_THROW(pool.wait_idle(), filch::would_deadlock);
    others.start([&] {
      (void)pool.shutdown();
      ended.set();
    });
    held->release();
    EXPECT_NE(nested->get(), std::this_thread::get_id());
    EXPECT_FALSE(ended.is_set());
  });
  here.get();
  EXPECT_TRUE(ended.wait());
}

TEST_P(admission_caller_test, a_caller_that_runs_its_task_gets_the_token_of_the_pool_and_its_own) {
  for (const bool own : {false, true}) {
    filch::scheduler& pool = make_shaped_pool();
    filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
    held_workers held(pool, width());
    fill(pool, gate);
    std::stop_source source;
    const filch::job_options options{.task = {.stop = source.get_token()}, .gate = &gate};
    threads others;
    auto here = filch::submit(pool, options, [&](std::stop_token stop) {
      others.start([&] { own ? static_cast<void>(source.request_stop()) : static_cast<void>(pool.shutdown_now()); });
      return eventually([&] { return stop.stop_requested(); });
    });
    EXPECT_TRUE(here.get());
    others.join();
    if (!own) continue;
    bool ran = false;
    EXPECT_THROW(filch::submit(pool, options, [&] { ran = true; }).get(), filch::task_cancelled);
    EXPECT_FALSE(ran);
  }
}

TEST_P(admission_caller_test, a_caller_that_runs_its_task_waits_for_the_moment_of_the_limiter) {
  filch::scheduler& pool = make_timed_pool();
  filch::scheduler& other = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  filch::rate_limiter slow(1);
  held_workers held(other, width());
  fill(other, gate);
  filch::submit(pool, {.limiter = &slow}, [] {}).get();
  const auto first = clock.now();
  event came;
  threads outside;
  outside.start([&] {
    const auto come = [&] { return std::pair(std::this_thread::get_id(), clock.now()); };
    const auto [thread, when] = filch::submit(pool, {.gate = &gate, .limiter = &slow}, come).get();
    EXPECT_EQ(thread, std::this_thread::get_id());
    EXPECT_GE(when - first, 1s);
    came.set();
  });
  EXPECT_TRUE(eventually([&] {
    clock.advance(10ms);
    return came.is_set();
  }));
  held.release();
}

TEST_P(admission_caller_test, a_caller_that_waits_for_the_moment_of_the_limiter_hears_of_the_end) {
  for (const bool is_job : {false, true})
    for (const bool stops : {false, true}) {
      filch::scheduler& pool = make_timed_pool();
      filch::scheduler& other = make_shaped_pool();
      filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
      filch::rate_limiter slow(1);
      held_workers held(other, width());
      fill(other, gate);
      filch::submit(pool, {.limiter = &slow}, [] {}).get();
      std::stop_source source;
      threads outside;
      outside.start([&] {
        filch::job_options options{.task = {.stop = source.get_token()}, .gate = &gate, .limiter = &slow};
        if (is_job) options.timeout = 1h;
        EXPECT_THROW(filch::submit(pool, options, [] {}).get(), filch::task_cancelled);
      });
      EXPECT_TRUE(eventually([&] { return pool.metrics().submitted() == 2; })) << "it is counted before it waits";
      stops ? static_cast<void>(source.request_stop()) : static_cast<void>(pool.shutdown_now());
      outside.join();
      held.release();
    }
}

TEST_P(admission_caller_test, a_worker_of_another_pool_that_cannot_be_replaced_meanwhile_is_told) {
  filch::scheduler& pool = make_timed_pool();
  filch::scheduler& full = make_shaped_pool();
  filch::scheduler_options options = shape();
  options.workers = 1;
  options.spares = 0;
  filch::scheduler& others = make_pool(options);
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  filch::rate_limiter slow(1);
  held_workers held(full, width());
  fill(full, gate);
  filch::submit(pool, {.limiter = &slow}, [] {}).get();
  for (const bool is_job : {false, true}) {
    filch::job_options of_task{.gate = &gate, .limiter = &slow};
    if (is_job) of_task.timeout = 1h;
    auto told = others.submit([&] { filch::submit(pool, of_task, [] { ADD_FAILURE() << "it ran"; }).get(); });
    EXPECT_THROW(told.get(), filch::too_many_blocked);
  }
  pool.wait_idle();
  held.release();
}

// The pool itself is full: nobody else could run anything.
TEST_P(admission_caller_test, a_caller_that_waits_for_its_moment_needs_no_worker) {
  filch::scheduler& pool = make_timed_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  filch::rate_limiter slow(1);
  ASSERT_TRUE(slow.try_take(clock.now()));
  held_workers held(pool, width());
  fill(pool, gate);
  for (const bool is_job : {false, true}) {
    event came;
    threads outside;
    outside.start([&] {
      filch::job_options options{.gate = &gate, .limiter = &slow};
      if (is_job) options.timeout = 1h;
      filch::submit(pool, options, [] {}).get();
      came.set();
    });
    EXPECT_TRUE(eventually([&] {
      clock.advance(100ms);
      return came.is_set();
    }));
  }
  held.release();
}

}  // namespace
