// Jobs whose time is up: before they start, while they run, and between two attempts.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "time/timed_pool.hpp"

namespace {

using namespace filch_tests;
using filch::job_options;

class deadline_test : public timed_pool_test {
 protected:
  [[nodiscard]] job_options within(std::chrono::nanoseconds time) const { return {.deadline = clock.now() + time}; }
};
INSTANTIATE_POOL_SHAPES(deadline_test);

std::string said_by(filch::future<void>& late) {
  try {
    late.get();
    return "nothing";
  } catch (const filch::timed_out& said) {
    return said.what();
  }
}

TEST_P(deadline_test, what_is_over_in_time_has_its_result) {
  filch::scheduler& pool = make_timed_pool();
  filch::future<int> soon = filch::submit(pool, within(1s), [] { return 1; });
  filch::future<int> quick = filch::submit(pool, {.timeout = 1s}, [] { return 2; });
  EXPECT_EQ(soon.get(), 1);
  EXPECT_EQ(quick.get(), 2);
  clock.advance(1h);
}

TEST_P(deadline_test, what_has_not_been_started_never_is) {
  filch::scheduler& pool = make_timed_pool();
  held_workers held(pool, width());
  const auto capture = std::make_shared<std::atomic<bool>>(false);
  filch::future<void> late = filch::submit(pool, within(1s), [capture] { *capture = true; });
  clock.advance(999ms);
  EXPECT_FALSE(late.ready());
  EXPECT_EQ(capture.use_count(), 2);
  clock.advance(1ms);
  EXPECT_TRUE(late.ready());
  EXPECT_EQ(capture.use_count(), 1);
  EXPECT_NE(said_by(late).find("never ran"), std::string::npos);
  held.release();
  pool.wait_idle();
  EXPECT_FALSE(*capture);
  EXPECT_EQ(pool.metrics().total().cancelled, 1U);
}

TEST_P(deadline_test, who_waits_for_one_that_runs_is_told_at_once_and_it_is_told_to_stop) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  const event go_on;
  const auto capture = std::make_shared<int>(0);
  std::atomic<bool> told = false;
  filch::future<void> late = filch::submit(pool, within(1s), [&told, begun, go_on, capture](std::stop_token stop) {
    begun.set();
    EXPECT_TRUE(go_on.wait());
    told = stop.stop_requested();
  });
  ASSERT_TRUE(begun.wait());
  clock.advance(1s);
  EXPECT_TRUE(late.ready());
  EXPECT_NE(said_by(late).find("runs on"), std::string::npos);
  EXPECT_EQ(capture.use_count(), 2);  // its captures live as long as it runs
  go_on.set();
  pool.wait_idle();
  EXPECT_TRUE(told);
  EXPECT_EQ(capture.use_count(), 1);
}

TEST_P(deadline_test, one_that_hears_of_it_by_its_token_ends) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  const event ended;
  filch::future<void> late = filch::submit(pool, {.timeout = 1s}, [=](std::stop_token stop) {
    const event told;
    const std::stop_callback callback(stop, [&] { told.set(); });
    begun.set();
    if (told.wait()) ended.set();
  });
  ASSERT_TRUE(begun.wait());
  clock.advance(1s);
  EXPECT_TRUE(ended.wait());
  EXPECT_THROW(late.get(), filch::timed_out);
}

TEST_P(deadline_test, the_waiter_wakes_while_it_runs) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  const event go_on;
  filch::future<void> late = filch::submit(pool, within(1s), [=] {
    begun.set();
    EXPECT_TRUE(go_on.wait());
  });
  ASSERT_TRUE(begun.wait());
  std::jthread waiter([&] {
    EXPECT_THROW(late.get(), filch::timed_out);
    go_on.set();
  });
  clock.advance(1s);
}

TEST_P(deadline_test, a_timeout_begins_with_the_first_attempt) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  const event go_on;
  filch::future<void> job;
  {
    held_workers held(pool, width());
    job = filch::submit(pool, {.timeout = 1s}, [=] {
      begun.set();
      EXPECT_TRUE(go_on.wait());
    });
    clock.advance(1h);
    EXPECT_FALSE(job.ready());
  }
  ASSERT_TRUE(begun.wait());
  clock.advance(999ms);
  EXPECT_FALSE(job.ready());
  clock.advance(1ms);
  EXPECT_THROW(job.get(), filch::timed_out);
  go_on.set();
}

TEST_P(deadline_test, of_both_the_earlier_one_counts) {
  filch::scheduler& pool = make_timed_pool();
  for (const bool deadline_first : {true, false}) {
    const event begun;
    const event go_on;
    job_options options = within(deadline_first ? 1s : 2s);
    options.timeout = deadline_first ? 2s : 1s;
    filch::future<void> job = filch::submit(pool, options, [=] {
      begun.set();
      EXPECT_TRUE(go_on.wait());
    });
    ASSERT_TRUE(begun.wait());
    clock.advance(1s);
    EXPECT_THROW(job.get(), filch::timed_out);
    go_on.set();
  }
}

TEST_P(deadline_test, a_timeout_counts_the_waits_between_attempts) {
  filch::scheduler& pool = make_timed_pool();
  const auto calls = std::make_shared<std::atomic<int>>(0);
  filch::future<void> job = filch::submit(
      pool, {.retry = {.attempts = 100, .wait = 1s, .factor = 1, .jitter = 0}, .timeout = 2500ms}, [calls] {
        ++*calls;
        throw std::runtime_error("again");
      });
  for (unsigned failures = 1; failures != 4; ++failures) {
    ASSERT_TRUE(eventually([&] { return pool.metrics().submitted() == failures + 1; }));
    EXPECT_FALSE(job.ready());
    clock.advance(failures == 3 ? 500ms : 1s);
  }
  EXPECT_TRUE(job.ready());
  EXPECT_EQ(calls.use_count(), 1);
  EXPECT_EQ(*calls, 3);
  try {
    job.get();
    FAIL();
  } catch (const filch::timed_out& thrown) {
    EXPECT_EQ(thrown.errors().size(), 3U);
    EXPECT_NE(std::string(thrown.what()).find("its first 3 attempts had failed; at the last one: again"), std::string::npos);
  }
}

TEST_P(deadline_test, one_in_the_past_never_runs) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<bool> ran = false;
  for (const auto past : {0ns, -1ns, -1'000'000ns}) {
    filch::future<void> late = filch::submit(pool, within(past), [&] { ran = true; });
    EXPECT_THROW(late.get(), filch::timed_out);
  }
  EXPECT_FALSE(ran);
}

TEST_P(deadline_test, what_the_limiter_holds_back_past_it_never_runs) {
  filch::scheduler& pool = make_timed_pool();
  filch::rate_limiter one_an_hour(1.0 / 3'600);
  std::atomic<bool> ran = false;
  job_options options = within(1s);
  options.limiter = &one_an_hour;
  filch::submit(pool, options, [] {}).get();
  filch::future<void> late = filch::submit(pool, options, [&] { ran = true; });
  clock.advance(1s);
  EXPECT_TRUE(late.ready());
  EXPECT_THROW(late.get(), filch::timed_out);
  clock.advance(2h);
  EXPECT_FALSE(ran);
}

TEST_P(deadline_test, what_was_cancelled_before_stays_cancelled) {
  filch::scheduler& pool = make_timed_pool();
  held_workers held(pool, width());
  filch::future<void> cancelled = filch::submit(pool, within(1s), [] {});
  EXPECT_TRUE(cancelled.cancel());
  clock.advance(1s);
  EXPECT_THROW(cancelled.get(), filch::task_cancelled);
  filch::future<void> late = filch::submit(pool, within(1s), [] {});
  clock.advance(1s);
  EXPECT_FALSE(late.cancel());
  EXPECT_THROW(late.get(), filch::timed_out);
}

TEST_P(deadline_test, what_it_returns_or_throws_too_late_is_nobodys) {
  filch::scheduler& pool = make_timed_pool();
  const auto value = std::make_shared<int>(0);
  for (const bool throws : {false, true}) {
    const event begun;
    const event go_on;
    filch::future<std::shared_ptr<int>> late = filch::submit(pool, within(1s), [=] {
      begun.set();
      EXPECT_TRUE(go_on.wait());
      if (throws) throw std::runtime_error("too late");
      return value;
    });
    ASSERT_TRUE(begun.wait());
    clock.advance(1s);
    EXPECT_THROW((void)late.get(), filch::timed_out);
    go_on.set();
    pool.wait_idle();
    EXPECT_EQ(value.use_count(), 1);
    EXPECT_EQ(pool.metrics().dropped_exceptions, throws ? 1U : 0U);
  }
}

TEST_P(deadline_test, a_capture_that_throws_too_late_is_counted) {
  filch::scheduler& pool = make_timed_pool();
  struct thrower {
    event begun;
    event go_on;
    bool armed = true;
    thrower() = default;
    thrower(thrower&& other) noexcept : begun(other.begun), go_on(other.go_on) { other.armed = false; }
    ~thrower() noexcept(false) {
      if (armed) throw std::runtime_error("from a destructor");
    }
    void operator()() const {
      begun.set();
      EXPECT_TRUE(go_on.wait());
    }
  };
  thrower made;
  const event begun = made.begun;
  const event go_on = made.go_on;
  filch::future<void> late = filch::submit(pool, within(1s), std::move(made));
  ASSERT_TRUE(begun.wait());
  clock.advance(1s);
  EXPECT_THROW(late.get(), filch::timed_out);
  go_on.set();
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().dropped_exceptions, 1U);
}

TEST_P(deadline_test, a_shutdown_waits_for_what_runs_too_long) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  const event go_on;
  const auto capture = std::make_shared<int>(0);
  filch::future<void> late = filch::submit(pool, within(1s), [=] {
    begun.set();
    EXPECT_TRUE(go_on.wait());
    (void)capture;
  });
  ASSERT_TRUE(begun.wait());
  std::jthread closer([&] {
    (void)pool.shutdown();
    EXPECT_EQ(capture.use_count(), 1);
  });
  ASSERT_TRUE(eventually([&] { return is_closed(pool); }));
  clock.advance(1s);
  EXPECT_THROW(late.get(), filch::timed_out);
  go_on.set();
}

TEST_P(deadline_test, shutdown_now_comes_before_the_deadline) {
  filch::scheduler& pool = make_timed_pool();
  std::vector<filch::future<void>> jobs;
  {
    held_workers held(pool, width());
    for (int i = 0; i != 10; ++i) jobs.push_back(filch::submit(pool, within(1s), [] {}));
    const filch::shutdown_counts counts = pool.shutdown_now();
    EXPECT_EQ(counts.cancelled, 10U);
  }
  clock.advance(1h);
  for (filch::future<void>& each : jobs) EXPECT_THROW(each.get(), filch::task_cancelled);
}

TEST_P(deadline_test, what_runs_is_told_of_its_deadline_after_shutdown_now_too) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  const event go_on;
  filch::future<void> late = filch::submit(pool, within(1s), [=] {
    begun.set();
    EXPECT_TRUE(go_on.wait());
  });
  ASSERT_TRUE(begun.wait());
  (void)pool.shutdown_now();
  clock.advance(1s);
  EXPECT_THROW(late.get(), filch::timed_out);
  go_on.set();
}

TEST_P(deadline_test, a_stop_callback_may_shut_the_pool_down_and_submit) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  const event ended;
  filch::future<void> late = filch::submit(pool, within(1s), [&pool, begun, ended](std::stop_token stop) {
    const event told;
    const std::stop_callback callback(stop, [&] {
      EXPECT_NO_THROW((void)filch::submit_after(pool, 1s, [] {}));
      (void)pool.shutdown();
      told.set();
    });
    begun.set();
    if (told.wait()) ended.set();
  });
  ASSERT_TRUE(begun.wait());
  clock.advance(1s);
  EXPECT_TRUE(ended.wait());
  EXPECT_THROW(late.get(), filch::timed_out);
  clock.advance(1s);
}

TEST_P(deadline_test, the_captures_of_what_never_ran_may_submit_and_cancel) {
  filch::scheduler& pool = make_timed_pool();
  held_workers held(pool, width());
  std::atomic<int> deaths = 0;
  filch::future<void> other = filch::submit(pool, within(2s), [] {});
  struct last_words {
    filch::scheduler* pool;
    filch::future<void>* other;
    std::atomic<int>* deaths;
    void operator()(int*) const {
      EXPECT_TRUE(other->cancel());
      (void)filch::submit(*pool, {.timeout = 1s}, [] {});
      ++*deaths;
    }
  };
  int number = 0;
  filch::future<void> late =
      filch::submit(pool, within(1s), [capture = std::shared_ptr<int>(&number, last_words{&pool, &other, &deaths})] {});
  clock.advance(1s);
  EXPECT_EQ(deaths, 1);
  EXPECT_THROW(late.get(), filch::timed_out);
}

TEST_P(deadline_test, neither_a_stop_callback_nor_a_capture_can_move_the_clock) {
  filch::scheduler& pool = make_timed_pool();
  held_workers held(pool, width());
  std::atomic<int> refused = 0;
  struct mover {
    filch::virtual_clock* clock;
    std::atomic<int>* refused;
    void operator()(int*) const {
      try {
        clock->advance(1s);
      } catch (const filch::would_deadlock&) {
        ++*refused;
      }
    }
  };
  int number = 0;
  filch::future<void> late =
      filch::submit(pool, within(1s), [capture = std::shared_ptr<int>(&number, mover{&clock, &refused})] {});
  clock.advance(1s);
  EXPECT_EQ(refused, 1);
  EXPECT_THROW(late.get(), filch::timed_out);
}

TEST_P(deadline_test, the_last_owner_of_another_pool_may_be_a_capture) {
  filch::scheduler& pool = make_timed_pool();
  held_workers held(pool, width());
  auto other = std::make_shared<filch::scheduler>(filch::scheduler_options{.workers = 1});
  filch::use_clock(*other, clock);
  filch::submit_after(*other, 0s, [] {}).get();
  const std::weak_ptr<filch::scheduler> seen = other;
  filch::future<void> late = filch::submit(pool, within(1s), [mine = std::move(other)] {});
  clock.advance(1s);
  EXPECT_TRUE(seen.expired());
  EXPECT_THROW(late.get(), filch::timed_out);
}

TEST_P(deadline_test, by_a_clock_at_its_end_a_timeout_is_never_over) {
  filch::scheduler& pool = make_timed_pool();
  clock.advance(std::chrono::hours::max());
  EXPECT_EQ(filch::submit(pool, {.timeout = 1s}, [] { return 1; }).get(), 1);
}

TEST_P(deadline_test, the_pool_may_go_as_soon_as_the_last_job_has_run) {
  for (unsigned round = 0; round != scaled(100) + 5; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    const event ran;
    std::thread submits([&, ran] {
      (void)filch::submit(pool, {.deadline = std::chrono::steady_clock::now() + 1h}, [ran] { ran.set(); });
    });
    EXPECT_TRUE(ran.wait());
    destroy_pool(pool);
    submits.join();
  }
}

TEST_P(deadline_test, a_dropped_future_changes_nothing) {
  filch::scheduler& pool = make_timed_pool();
  const event begun;
  const event told;
  (void)filch::submit(pool, within(1s), [=](std::stop_token stop) {
    begun.set();
    if (eventually([&] { return stop.stop_requested(); })) told.set();
  });
  ASSERT_TRUE(begun.wait());
  clock.advance(1s);
  EXPECT_TRUE(told.wait());
}

// The deadlines come while the jobs start, run, fail and wait: each has one outcome, and the counts add up.
TEST_P(deadline_test, each_job_has_one_outcome_whatever_comes_first) {
  filch::scheduler& pool = make_timed_pool();
  const unsigned rounds = scaled(4'000);
  std::atomic<unsigned> calls = 0;
  std::atomic<unsigned> alive = 0;
  struct counted {
    std::atomic<unsigned>* alive;
    explicit counted(std::atomic<unsigned>& in) : alive(&in) { ++*alive; }
    counted(const counted& other) : alive(other.alive) { ++*alive; }
    ~counted() { --*alive; }
  };
  std::atomic<bool> done = false;
  std::jthread time([&] {
    while (!done) clock.advance(1ms);
  });
  unsigned values = 0;
  for (unsigned i = 0; i != rounds; ++i) {
    job_options options = within(std::chrono::milliseconds(i % 7));
    options.retry = {.attempts = 1 + static_cast<int>(i % 3), .wait = std::chrono::milliseconds(i % 4)};
    filch::future<void> job = filch::submit(pool, options, [&, mine = counted(alive), i] {
      ++calls;
      if (i % 2 == 0) throw std::runtime_error("again");
    });
    if (i % 5 == 0) (void)job.cancel();
    try {
      job.get();
      ++values;
    } catch (const filch::timed_out& thrown) {
      EXPECT_LE(thrown.errors().size(), 3U);
    } catch (const filch::task_cancelled&) {
      EXPECT_EQ(i % 5, 0U);
    } catch (const std::runtime_error&) {
      EXPECT_EQ(i % 2, 0U);
    }
  }
  done = true;
  time.join();
  pool.wait_idle();
  EXPECT_EQ(alive, 0U);
  EXPECT_LE(values, calls.load());
  const filch::worker_metrics total = pool.metrics().total();
  EXPECT_EQ(total.executed + total.cancelled, total.spawned);
  EXPECT_GE(total.executed, calls.load());
}

}  // namespace
