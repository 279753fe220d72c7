// Jobs that fail and are tried again: when, how often, and who may end them in between.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "time/timed_pool.hpp"

namespace {

using namespace filch_tests;
using filch::job_options;

/// Up to five attempts, with 100, 200, 400 and 800 ms in between.
job_options five() { return {.retry = {.attempts = 5, .wait = 100ms, .jitter = 0}}; }

/// Fails so many times, then answers how often it was called. Copies share their count.
struct flaky {
  int failures;
  std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);

  int operator()() const {
    const int call = calls->fetch_add(1) + 1;
    if (call <= failures) throw std::runtime_error("attempt " + std::to_string(call));
    return call;
  }
};

std::string what(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& said) {
    return said.what();
  }
}

/// What a future throws; empty where it has a value.
template <class Error, class R>
std::string said_by(filch::future<R>& failed) {
  try {
    (void)failed.get();
    return {};
  } catch (const Error& said) {
    return said.what();
  }
}

class retry_test : public timed_pool_test {
 protected:
  /// Whether the only job of a pool waits to be tried again after so many failures: the next attempt counts by then.
  [[nodiscard]] static bool waits(const filch::scheduler& pool, unsigned failures) {
    return eventually([&] { return pool.metrics().submitted() == failures + 1; });
  }
};
INSTANTIATE_POOL_SHAPES(retry_test);

TEST_P(retry_test, a_job_that_fails_is_tried_again_after_each_wait) {
  filch::scheduler& pool = make_timed_pool();
  const flaky twice{2};
  filch::future<int> done = filch::submit(pool, five(), twice);
  ASSERT_TRUE(waits(pool, 1));
  clock.advance(99ms);
  EXPECT_EQ(*twice.calls, 1);
  clock.advance(1ms);
  ASSERT_TRUE(waits(pool, 2));
  clock.advance(199ms);
  EXPECT_EQ(*twice.calls, 2);
  EXPECT_FALSE(done.ready());
  clock.advance(1ms);
  EXPECT_EQ(done.get(), 3);
}

TEST_P(retry_test, one_that_fails_each_time_says_what_each_attempt_threw) {
  filch::scheduler& pool = make_timed_pool();
  filch::future<int> failed = filch::submit(pool, five(), flaky{100});
  for (unsigned i = 1; i != 5; ++i) {
    ASSERT_TRUE(waits(pool, i));
    clock.advance(1s);
  }
  try {
    (void)failed.get();
    FAIL();
  } catch (const filch::retries_exhausted& all) {
    ASSERT_EQ(all.errors().size(), 5U);
    for (std::size_t i = 0; i != 5; ++i) EXPECT_EQ(what(all.errors()[i]), "attempt " + std::to_string(i + 1));
    EXPECT_NE(std::string(all.what()).find("each of its 5 attempts; at the last one: attempt 5"), std::string::npos);
  }
}

TEST_P(retry_test, tried_once_it_throws_what_it_threw) {
  filch::scheduler& pool = make_timed_pool();
  filch::future<int> failed = filch::submit(pool, {.timeout = 1h}, flaky{1});
  EXPECT_EQ(said_by<std::runtime_error>(failed), "attempt 1");
}

TEST_P(retry_test, what_is_not_worth_it_comes_out_as_it_is) {
  filch::scheduler& pool = make_timed_pool();
  job_options options = five();
  options.retry.when = [](const std::exception_ptr& thrown) { return what(thrown) == "attempt 1"; };
  filch::future<int> failed = filch::submit(pool, options, flaky{100});
  ASSERT_TRUE(waits(pool, 1));
  clock.advance(1s);
  EXPECT_EQ(said_by<std::runtime_error>(failed), "attempt 2");

  options.retry.when = [](const std::exception_ptr&) -> bool { throw std::logic_error("cannot decide"); };
  filch::future<int> undecided = filch::submit(pool, options, flaky{100});
  EXPECT_EQ(said_by<std::logic_error>(undecided), "cannot decide");
}

TEST_P(retry_test, waiting_holds_no_worker_and_the_pool_is_not_idle) {
  filch::scheduler& pool = make_timed_pool();
  std::vector<filch::future<int>> jobs;
  for (int i = 0; i != 100; ++i) jobs.push_back(filch::submit(pool, five(), flaky{1}));
  ASSERT_TRUE(eventually([&] { return pool.metrics().submitted() == 200; }));
  ASSERT_TRUE(eventually([&] { return pool.metrics().total().executed == 100; }));
  EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);
  std::jthread waiter([&] {
    pool.wait_idle();
    for (filch::future<int>& each : jobs) EXPECT_TRUE(each.ready());
  });
  clock.advance(100ms);
  waiter.join();
  for (filch::future<int>& each : jobs) EXPECT_EQ(each.get(), 2);
  EXPECT_EQ(pool.metrics().total().failed, 100U);
  EXPECT_EQ(pool.metrics().unfinished(), 0U);
}

TEST_P(retry_test, cancelled_while_it_waits_it_ends_at_once) {
  filch::scheduler& pool = make_timed_pool();
  const flaky always{100};
  filch::future<int> job = filch::submit(pool, five(), always);
  ASSERT_TRUE(waits(pool, 1));
  EXPECT_TRUE(job.cancel());
  EXPECT_TRUE(job.ready());
  EXPECT_EQ(always.calls.use_count(), 1);
  EXPECT_FALSE(job.cancel());
  EXPECT_NE(said_by<filch::task_cancelled>(job).find("its first attempt had failed"), std::string::npos);
  clock.advance(1h);
  EXPECT_EQ(*always.calls, 1);
  EXPECT_EQ(pool.metrics().total().cancelled, 1U);
}

TEST_P(retry_test, cancelled_before_its_first_attempt_it_never_runs) {
  filch::scheduler& pool = make_timed_pool();
  const flaky never{100};
  held_workers held(pool, width());
  filch::future<int> job = filch::submit(pool, five(), never);
  EXPECT_TRUE(job.cancel());
  EXPECT_EQ(never.calls.use_count(), 1);
  EXPECT_NE(said_by<filch::task_cancelled>(job).find("never ran"), std::string::npos);
  held.release();
  pool.wait_idle();
  EXPECT_EQ(*never.calls, 0);
}

TEST_P(retry_test, cancelled_while_it_runs_it_goes_on) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  const event go_on;
  filch::future<int> job = filch::submit(pool, five(), [=] {
    begun.set();
    return go_on.wait() ? 7 : 0;
  });
  ASSERT_TRUE(begun.wait());
  EXPECT_FALSE(job.cancel());
  go_on.set();
  EXPECT_EQ(job.get(), 7);
}

TEST_P(retry_test, a_stop_request_ends_one_that_waits) {
  filch::scheduler& pool = make_timed_pool();
  std::stop_source group;
  job_options options = five();
  options.task.stop = group.get_token();
  const flaky always{100};
  filch::future<int> job = filch::submit(pool, options, always);
  ASSERT_TRUE(waits(pool, 1));
  group.request_stop();
  EXPECT_TRUE(job.ready());
  EXPECT_EQ(always.calls.use_count(), 1);
  EXPECT_NE(said_by<filch::task_cancelled>(job).find("had failed"), std::string::npos);

  filch::future<int> stopped_before = filch::submit(pool, options, always);
  EXPECT_TRUE(stopped_before.ready());
  EXPECT_THROW((void)stopped_before.get(), filch::task_cancelled);
  EXPECT_EQ(*always.calls, 1);
}

TEST_P(retry_test, the_callable_may_bring_the_options_with_it) {
  struct brings_options {
    job_options options;
    void operator()() { throw std::runtime_error("not yet"); }
  };
  filch::scheduler& pool = make_timed_pool();
  std::stop_source group;
  brings_options both{five()};
  both.options.task.stop = group.get_token();
  filch::future<void> job = filch::submit(pool, both.options, std::move(both));
  ASSERT_TRUE(waits(pool, 1));
  group.request_stop();
  EXPECT_TRUE(job.ready());
  (void)job.cancel();
}

TEST_P(retry_test, one_that_is_told_to_stop_while_it_runs_is_not_tried_again) {
  filch::scheduler& pool = make_timed_pool();
  std::stop_source group;
  job_options options = five();
  options.task.stop = group.get_token();
  const event begun;
  filch::future<void> job = filch::submit(pool, options, [=](std::stop_token stop) {
    begun.set();
    if (!eventually([&] { return stop.stop_requested(); })) return;
    throw std::runtime_error("stopped");
  });
  ASSERT_TRUE(begun.wait());
  group.request_stop();
  EXPECT_EQ(said_by<std::runtime_error>(job), "stopped");
}

// Its token is stopped, and between that and its own callback lie those of all tasks that came later.
TEST_P(retry_test, nor_is_it_when_the_request_has_not_come_to_it_yet) {
  filch::scheduler& pool = make_timed_pool();
  std::stop_source group;
  job_options options{.retry = {.attempts = 5, .wait = 0ns}};
  options.task.stop = group.get_token();
  const event begun;
  std::atomic<int> calls = 0;
  held_workers held(pool, width());
  filch::future<void> job = filch::submit(pool, options, [&, begun](std::stop_token stop) {
    ++calls;
    begun.set();
    if (!eventually([&] { return stop.stop_requested(); })) return;
    throw std::runtime_error("stopped");
  });
  const std::stop_callback between(group.get_token(), [&] { EXPECT_TRUE(eventually([&] { return job.ready(); })); });
  held.release();
  ASSERT_TRUE(begun.wait());
  group.request_stop();
  EXPECT_EQ(said_by<std::runtime_error>(job), "stopped");
  EXPECT_EQ(calls, 1);
}

TEST_P(retry_test, the_predicate_dies_with_the_callable) {
  filch::scheduler& pool = make_timed_pool();
  const auto capture = std::make_shared<int>(0);
  const auto make = [&](filch::job_options options) {
    options.retry.when = [capture](const std::exception_ptr&) { return true; };
    return filch::submit(pool, options, [] { return 1; });
  };
  filch::future<int> done = make(five());
  done.wait();
  EXPECT_EQ(capture.use_count(), 1);
  held_workers held(pool, width());
  filch::future<int> cancelled = make(five());
  EXPECT_TRUE(cancelled.cancel());
  EXPECT_EQ(capture.use_count(), 1);
}

TEST_P(retry_test, what_cannot_be_moved_is_no_result_of_a_job) {
  filch::scheduler& pool = make_timed_pool();
  struct fixed {
    fixed() = default;
    fixed(fixed&&) = delete;
  };
  filch::rate_limiter limiter(1'000);
  filch::submit(pool, {.limiter = &limiter}, [] { return fixed(); }).wait();
  EXPECT_THROW((void)filch::submit(pool, five(), [] { return fixed(); }), std::invalid_argument);
}

TEST_P(retry_test, a_result_that_throws_when_it_is_moved_leaves_that_exception) {
  struct throws_when_moved {
    throws_when_moved() = default;
    throws_when_moved(throws_when_moved&&) { throw std::runtime_error("no move"); }
  };
  filch::scheduler& pool = make_timed_pool();
  filch::future<throws_when_moved> job = filch::submit(pool, five(), [] { return throws_when_moved(); });
  EXPECT_EQ(said_by<std::runtime_error>(job), "no move");
}

TEST_P(retry_test, a_capture_that_throws_when_it_dies_leaves_that_exception) {
  struct throws_at_its_end {
    bool armed = false;
    throws_at_its_end() = default;
    throws_at_its_end(throws_at_its_end&& other) noexcept : armed(std::exchange(other.armed, false)) {}
    ~throws_at_its_end() noexcept(false) {
      if (armed) throw std::runtime_error("no end");
    }
    int operator()() {
      armed = true;
      return 42;
    }
  };
  filch::scheduler& pool = make_timed_pool();
  filch::future<int> job = filch::submit(pool, five(), throws_at_its_end());
  EXPECT_EQ(said_by<std::runtime_error>(job), "no end");
}

TEST_P(retry_test, a_shutdown_waits_for_all_attempts) {
  filch::scheduler& pool = make_timed_pool();
  const flaky twice{2};
  filch::future<int> job = filch::submit(pool, five(), twice);
  ASSERT_TRUE(waits(pool, 1));
  const event ended;
  std::jthread closer([&] {
    EXPECT_EQ(pool.shutdown().running, 0U);
    ended.set();
  });
  EXPECT_TRUE(eventually([&] { return is_closed(pool); }));
  while (!job.ready()) clock.advance(10ms);
  EXPECT_EQ(job.get(), 3);
  EXPECT_TRUE(ended.wait());
}

TEST_P(retry_test, shutdown_now_ends_one_that_waits) {
  filch::scheduler& pool = make_timed_pool();
  const flaky always{100};
  filch::future<int> job = filch::submit(pool, five(), always);
  ASSERT_TRUE(waits(pool, 1));
  const filch::shutdown_counts counts = pool.shutdown_now();
  EXPECT_EQ(counts.cancelled, 1U);
  EXPECT_EQ(always.calls.use_count(), 1);
  EXPECT_THROW((void)job.get(), filch::task_cancelled);
}

TEST_P(retry_test, shutdown_now_leaves_one_that_runs_its_last_attempt) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  filch::future<void> job = filch::submit(pool, five(), [=](std::stop_token stop) {
    begun.set();
    if (!eventually([&] { return stop.stop_requested(); })) return;
    throw std::runtime_error("stopped");
  });
  ASSERT_TRUE(begun.wait());
  (void)pool.shutdown_now();
  // Its failure may come before the timers hear of the end: then it is what waits that is cancelled.
  try {
    job.get();
    FAIL();
  } catch (const std::runtime_error& thrown) {
    const std::string said = thrown.what();
    EXPECT_TRUE(said == "stopped" || said.find("its first attempt had failed") != std::string::npos) << said;
  }
}

TEST_P(retry_test, each_attempt_takes_its_moment_from_the_limiter_when_it_has_waited) {
  filch::scheduler& pool = make_timed_pool();
  filch::rate_limiter one_a_second(1);
  job_options options = five();
  options.limiter = &one_a_second;
  const flaky once{1};
  filch::future<int> job = filch::submit(pool, options, once);
  ASSERT_TRUE(waits(pool, 1));
  filch::future<void> other = filch::submit(pool, {.limiter = &one_a_second}, [] {});
  clock.advance(999ms);  // its wait is over, but the second moment is the other's
  EXPECT_FALSE(other.ready());
  clock.advance(1ms);
  other.get();
  clock.advance(999ms);
  EXPECT_EQ(*once.calls, 1);
  clock.advance(1ms);
  EXPECT_EQ(job.get(), 2);
}

TEST_P(retry_test, each_attempt_is_given_the_same_arguments) {
  filch::scheduler& pool = make_timed_pool();
  auto take = [tries = 0](std::string text, const std::unique_ptr<int>& number) mutable {
    if (++tries == 1) throw std::runtime_error(std::move(text));
    return text + std::to_string(*number);
  };
  filch::future<std::string> job = filch::submit(pool, five(), take, std::string("text "), std::make_unique<int>(5));
  ASSERT_TRUE(waits(pool, 1));
  clock.advance(100ms);
  EXPECT_EQ(job.get(), "text 5");
}

TEST_P(retry_test, tried_once_it_may_take_its_arguments_away) {
  filch::scheduler& pool = make_timed_pool();
  auto take = [](std::unique_ptr<int> number) { return number; };
  filch::future<std::unique_ptr<int>> job = filch::submit(pool, {.timeout = 1h}, take, std::make_unique<int>(5));
  EXPECT_EQ(*job.get(), 5);
  EXPECT_THROW((void)filch::submit(pool, five(), take, std::make_unique<int>(5)), std::invalid_argument);
}

TEST_P(retry_test, results_of_every_kind) {
  filch::scheduler& pool = make_timed_pool();
  int number = 3;
  filch::future<int&> reference = filch::submit(pool, five(), [&]() -> int& { return number; });
  EXPECT_EQ(&reference.get(), &number);
  filch::submit(pool, five(), [&] { number = 4; }).get();
  EXPECT_EQ(number, 4);
  EXPECT_EQ(*filch::submit(pool, five(), [] { return std::make_unique<int>(6); }).get(), 6);
}

TEST_P(retry_test, who_waits_on_a_worker_is_replaced) {
  filch::scheduler& pool = make_timed_pool();
  const flaky once{1};
  filch::future<int> outer = pool.submit([&] { return filch::submit(pool, five(), once).get(); });
  ASSERT_TRUE(eventually([&] { return pool.metrics().submitted() == 3; }));
  clock.advance(100ms);
  EXPECT_EQ(outer.get(), 2);
}

TEST_P(retry_test, a_job_that_waits_for_itself_is_told) {
  filch::scheduler& pool = make_timed_pool();
  filch::future<void> job;
  const event given;
  job = filch::submit(pool, {.timeout = 1h}, [&] {
    ASSERT_TRUE(given.wait());
    EXPECT_THROW(job.wait(), filch::would_deadlock);
  });
  given.set();
  ASSERT_TRUE(eventually([&] { return job.ready(); }));
}

TEST_P(retry_test, an_error_that_nobody_takes_is_counted_once) {
  filch::scheduler& pool = make_timed_pool();
  (void)filch::submit(pool, {.retry = {.attempts = 2, .wait = 0ms}}, flaky{100});
  ASSERT_TRUE(eventually([&] { return pool.metrics().submitted() == 2; }));
  clock.advance(1ms);
  pool.wait_idle();
  ASSERT_TRUE(eventually([&] { return pool.metrics().dropped_exceptions == 1; }));
}

TEST_P(retry_test, a_job_keeps_its_place_over_all_attempts) {
  filch::scheduler& pool = make_timed_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::reject});
  job_options options = five();
  options.gate = &gate;
  const flaky once{1};
  filch::future<int> job = filch::submit(pool, options, once);
  ASSERT_TRUE(waits(pool, 1));
  EXPECT_EQ(gate.taken(), 1);
  EXPECT_THROW((void)filch::submit(pool, options, once), filch::rejected);
  clock.advance(100ms);
  EXPECT_EQ(job.get(), 2);
  EXPECT_EQ(gate.taken(), 0);
}

TEST_P(retry_test, a_job_that_its_submitter_runs_is_tried_again_by_a_worker) {
  filch::scheduler& pool = make_timed_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  held_workers held(pool, width());
  filch::future<void> first = filch::submit(pool, {.gate = &gate}, [] {});
  job_options options = five();
  options.gate = &gate;
  std::vector<std::thread::id> callers;
  filch::future<int> job = filch::submit(pool, options, [&] {
    callers.push_back(std::this_thread::get_id());
    if (callers.size() == 1) throw std::runtime_error("again");
    return 7;
  });
  ASSERT_EQ(callers.size(), 1U);
  EXPECT_EQ(callers[0], std::this_thread::get_id());
  EXPECT_FALSE(job.ready());
  held.release();
  clock.advance(100ms);
  EXPECT_EQ(job.get(), 7);
  EXPECT_NE(callers[1], std::this_thread::get_id());
  first.get();

  // The pool waits for it in between.
  filch::future<int> done = filch::submit(pool, {.retry = {.attempts = 2, .wait = 0ns}}, [] { return 1; });
  pool.wait_idle();
  EXPECT_EQ(done.get(), 1);
}

TEST_P(retry_test, one_that_its_submitter_runs_may_be_over_at_once_or_late) {
  filch::scheduler& pool = make_timed_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  held_workers held(pool, width());
  filch::future<void> first = filch::submit(pool, {.gate = &gate}, [] {});
  EXPECT_EQ(filch::submit(pool, {.gate = &gate, .timeout = 1s}, [] { return 3; }).get(), 3);
  EXPECT_EQ(filch::submit(pool, {.gate = &gate, .deadline = clock.now() + 1s}, [] { return 3; }).get(), 3);
  filch::future<int> late = filch::submit(pool, {.gate = &gate, .timeout = 1s}, [&] {
    clock.advance(1s);
    return 3;
  });
  EXPECT_THROW((void)late.get(), filch::timed_out);
  std::stop_source stopped;
  stopped.request_stop();
  filch::future<int> never = filch::submit(
      pool, {.task = {.stop = stopped.get_token()}, .gate = &gate, .timeout = 1s}, [] { return 3; });
  EXPECT_THROW((void)never.get(), filch::task_cancelled);
}

TEST_P(retry_test, a_closed_pool_takes_none_and_the_callable_dies) {
  filch::scheduler& pool = make_timed_pool();
  (void)pool.shutdown();
  const flaky never{0};
  job_options in_time = five();
  in_time.deadline = clock.now() + 1h;
  for (const job_options& options : {five(), in_time}) {
    EXPECT_THROW((void)filch::submit(pool, options, never), filch::closed);
    EXPECT_EQ(never.calls.use_count(), 1);
  }
}

TEST_P(retry_test, what_makes_no_sense_is_refused_at_the_call) {
  filch::scheduler& pool = make_timed_pool();
  const auto refused = [&](const job_options& options) {
    EXPECT_THROW((void)filch::submit(pool, options, [] {}), std::invalid_argument);
  };
  refused({.retry = {.attempts = 0}});
  refused({.retry = {.attempts = 1'000'001}});
  refused({.retry = {.attempts = 2, .wait = -1ns}});
  refused({.retry = {.attempts = 2, .factor = 0.9}});
  refused({.retry = {.attempts = 2, .factor = std::numeric_limits<double>::infinity()}});
  refused({.retry = {.attempts = 2, .longest = -1ns}});
  refused({.retry = {.attempts = 2, .jitter = 1.1}});
  refused({.retry = {.attempts = 2, .jitter = -0.1}});
  refused({.timeout = 0ns});
  refused({.timeout = -1ns});
  EXPECT_THROW((void)filch::submit(pool, five(), std::function<void()>()), std::invalid_argument);
  EXPECT_EQ(pool.metrics().submitted(), 0U);
}

}  // namespace
