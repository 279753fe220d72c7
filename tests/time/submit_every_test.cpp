// Calls that are repeated: when they come, and how a series ends.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/process_probe.hpp"
#include "time/timed_pool.hpp"

namespace {

using namespace filch_tests;

class submit_every_test : public timed_pool_test {
 protected:
  /// Moves the clock and waits until there have been so many calls, and the last of them is over.
  void expect_after(std::chrono::nanoseconds time, filch::scheduler& pool, const std::atomic<int>& calls, int expected) {
    clock.advance(time);
    EXPECT_TRUE(eventually([&] { return calls.load() >= expected; })) << calls.load() << " calls";
    pool.wait_idle();
    EXPECT_EQ(calls.load(), expected);
  }
};
INSTANTIATE_POOL_SHAPES(submit_every_test);

TEST_P(submit_every_test, calls_once_a_period_until_it_is_cancelled) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> calls{0};
  auto series = filch::submit_every(pool, 10ms, [&] { return calls.fetch_add(1); });
  expect_after(9ms, pool, calls, 0);
  for (int i = 1; i != 20; ++i) expect_after(i == 1 ? 1ms : 10ms, pool, calls, i);
  EXPECT_FALSE(series.ready());
  EXPECT_TRUE(series.cancel());
  EXPECT_TRUE(series.ready());
  EXPECT_FALSE(series.cancel());
  expect_after(1s, pool, calls, 19);
  EXPECT_THROW(series.get(), filch::task_cancelled);
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = 19, .cancelled = 1}));
}

TEST_P(submit_every_test, the_first_call_may_come_at_once_or_late) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> at_once{0};
  std::atomic<int> late{0};
  auto one = filch::submit_every(pool, 10ms, {.first = 0ms}, [&] { at_once.fetch_add(1); });
  auto other = filch::submit_every(pool, 10ms, {.first = 25ms, .task = {.priority = filch::priority::high}},
                                   [&] { late.fetch_add(1); });
  expect_after(0ms, pool, at_once, 1);
  expect_after(10ms, pool, at_once, 2);
  expect_after(10ms, pool, at_once, 3);
  EXPECT_EQ(late.load(), 0);
  expect_after(5ms, pool, late, 1);
  expect_after(10ms, pool, late, 2);
}

TEST_P(submit_every_test, at_a_fixed_rate_what_was_missed_is_left_out_and_the_rhythm_stays) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> calls{0};
  auto series = filch::submit_every(pool, 10ms, [&] { calls.fetch_add(1); });
  expect_after(10ms, pool, calls, 1);
  expect_after(35ms, pool, calls, 2);  // at 45: those of 20, 30 and 40 are one
  expect_after(4ms, pool, calls, 2);
  expect_after(1ms, pool, calls, 3);  // at 50
}

TEST_P(submit_every_test, at_a_fixed_rate_what_was_missed_may_be_caught_up) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> calls{0};
  auto series = filch::submit_every(pool, 10ms, {.missed = filch::missed::catch_up}, [&] { calls.fetch_add(1); });
  expect_after(10ms, pool, calls, 1);
  clock.advance(35ms);  // at 45: 20, 30 and 40
  EXPECT_TRUE(eventually([&] { return calls.load() == 4; }));
  pool.wait_idle();
  expect_after(4ms, pool, calls, 4);
  expect_after(1ms, pool, calls, 5);
}

TEST_P(submit_every_test, at_a_fixed_delay_the_pause_counts_from_the_end) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> calls{0};
  auto series = filch::submit_every(pool, 10ms, {.pace = filch::pace::fixed_delay}, [&] {
    if (calls.fetch_add(1) == 0) clock.advance(5ms);  // so long does the first one take
  });
  clock.advance(10ms);
  EXPECT_TRUE(eventually([&] { return calls.load() == 1; }));
  pool.wait_idle();  // at 15
  expect_after(9ms, pool, calls, 1);
  expect_after(1ms, pool, calls, 2);
  expect_after(35ms, pool, calls, 3);  // at 60
  expect_after(9ms, pool, calls, 3);
  expect_after(1ms, pool, calls, 4);
}

TEST_P(submit_every_test, two_calls_never_run_at_the_same_time) {
  filch::scheduler& pool = make_timed_pool();
  const event inside;
  const event go;
  std::atomic<int> calls{0};
  crowd in_it;
  int unguarded = 0;  // what one call did is visible to the next
  auto series = filch::submit_every(pool, 1ms, {.missed = filch::missed::catch_up}, [&, inside, go] {
    in_it.enter();
    inside.set();
    EXPECT_TRUE(go.wait());
    ++unguarded;
    in_it.leave();
    calls.fetch_add(1);
  });
  clock.advance(1ms);
  EXPECT_TRUE(inside.wait());
  for (int i = 0; i != 10; ++i) clock.advance(1ms);
  go.set();
  EXPECT_TRUE(eventually([&] { return calls.load() == 11; }));
  EXPECT_EQ(in_it.most(), 1U);
  pool.wait_idle();
  EXPECT_EQ(unguarded, 11);
}

TEST_P(submit_every_test, an_exception_ends_the_series_and_is_rethrown) {
  filch::scheduler& pool = make_timed_pool();
  const auto alive = std::make_shared<int>(0);
  std::atomic<int> calls{0};
  auto series = filch::submit_every(pool, 1ms, [&, alive] {
    if (calls.fetch_add(1) == 2) throw std::runtime_error("the third");
  });
  for (int i = 1; i != 4; ++i) expect_after(1ms, pool, calls, i);
  expect_after(5ms, pool, calls, 3);
  EXPECT_TRUE(series.ready());
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(series.cancel());
  EXPECT_THROW(series.get(), std::runtime_error);
  EXPECT_EQ(pool.metrics().dropped_exceptions, 0U);
  EXPECT_EQ(pool.metrics().total().failed, 1U);
}

TEST_P(submit_every_test, a_dropped_future_ends_nothing_and_its_exception_is_counted) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> calls{0};
  (void)filch::submit_every(pool, 1ms, [&] {
    if (calls.fetch_add(1) == 2) throw std::runtime_error("the third");
  });
  for (int i = 1; i != 4; ++i) expect_after(1ms, pool, calls, i);
  EXPECT_TRUE(eventually([&] { return pool.metrics().dropped_exceptions == 1; }));
}

TEST_P(submit_every_test, cancelled_during_a_call_it_is_over_when_that_returns) {
  filch::scheduler& pool = make_timed_pool();
  const auto alive = std::make_shared<int>(0);
  const event inside;
  const event go;
  auto series = filch::submit_every(pool, 1ms, [alive, inside, go] {
    inside.set();
    EXPECT_TRUE(go.wait());
  });
  clock.advance(1ms);
  EXPECT_TRUE(inside.wait());
  EXPECT_TRUE(series.cancel());
  EXPECT_FALSE(series.ready());
  EXPECT_EQ(alive.use_count(), 2);
  EXPECT_FALSE(series.cancel());
  go.set();
  EXPECT_THROW(series.get(), filch::task_cancelled);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_P(submit_every_test, cancelled_while_a_call_is_queued_that_call_does_nothing) {
  filch::scheduler& pool = make_timed_pool();
  held_workers held(pool, width());
  auto series = filch::submit_every(pool, 1ms, [] { ADD_FAILURE() << "called after it was cancelled"; });
  clock.advance(1ms);
  EXPECT_TRUE(series.cancel());
  held.release();
  EXPECT_THROW(series.get(), filch::task_cancelled);
}

TEST_P(submit_every_test, an_exception_after_the_cancel_is_counted_and_nothing_else) {
  filch::scheduler& pool = make_timed_pool();
  const event inside;
  const event go;
  auto series = filch::submit_every(pool, 1ms, [inside, go] {
    inside.set();
    EXPECT_TRUE(go.wait());
    throw std::runtime_error("too late");
  });
  clock.advance(1ms);
  EXPECT_TRUE(inside.wait());
  EXPECT_TRUE(series.cancel());
  go.set();
  EXPECT_THROW(series.get(), filch::task_cancelled);
  EXPECT_EQ(pool.metrics().dropped_exceptions, 1U);
}

TEST_P(submit_every_test, a_stop_token_ends_it_and_tells_the_call_that_runs) {
  filch::scheduler& pool = make_timed_pool();
  std::stop_source group;
  const auto alive = std::make_shared<int>(0);
  const event inside;
  std::atomic<bool> told{false};
  auto waits = filch::submit_every(pool, 1h, {.task = {.stop = group.get_token()}}, [alive] {});
  auto runs = filch::submit_every(pool, 1ms, {.task = {.stop = group.get_token()}}, [&, alive, inside](std::stop_token stop) {
    inside.set();
    told = eventually([&] { return stop.stop_requested(); });
  });
  clock.advance(1ms);
  EXPECT_TRUE(inside.wait());
  group.request_stop();
  EXPECT_TRUE(waits.ready());
  EXPECT_THROW(runs.get(), filch::task_cancelled);
  EXPECT_THROW(waits.get(), filch::task_cancelled);
  EXPECT_TRUE(told);
  EXPECT_EQ(alive.use_count(), 1);
  auto late = filch::submit_every(pool, 1ms, {.first = 0s, .task = {.stop = group.get_token()}}, [alive] {});
  EXPECT_THROW(late.get(), filch::task_cancelled);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_P(submit_every_test, a_call_may_end_its_own_series) {
  filch::scheduler& pool = make_timed_pool();
  std::optional<filch::future<void>> series;
  std::atomic<int> calls{0};
  std::atomic<bool> deadlock_seen{false};
  series = filch::submit_every(pool, 1ms, [&] {
    try {
      series->wait();
    } catch (const filch::would_deadlock&) {
      deadlock_seen = true;
    }
    const bool second = calls.load() == 1;
    if (second && !series->cancel()) ADD_FAILURE() << "its own series had ended before";
    calls.fetch_add(1);
  });
  expect_after(1ms, pool, calls, 1);
  expect_after(1ms, pool, calls, 2);
  expect_after(9ms, pool, calls, 2);
  EXPECT_TRUE(deadlock_seen);
  EXPECT_THROW(series->get(), filch::task_cancelled);
}

TEST_P(submit_every_test, a_call_takes_the_token_of_its_pool) {
  filch::scheduler& pool = make_timed_pool();
  const event inside;
  std::atomic<bool> told{false};
  auto series = filch::submit_every(pool, 1ms, [&, inside](std::stop_token stop) {
    inside.set();
    told = eventually([&] { return stop.stop_requested(); });
  });
  clock.advance(1ms);
  EXPECT_TRUE(inside.wait());
  (void)pool.shutdown_now();
  EXPECT_THROW(series.get(), filch::task_cancelled);
  EXPECT_TRUE(told);
}

TEST_P(submit_every_test, without_a_token_of_its_own_a_call_is_given_that_of_the_pool) {
  filch::scheduler& pool = make_timed_pool();
  std::stop_token kept;
  const event over;
  auto series = filch::submit_every(pool, 1h, [&, over](const std::stop_token& stop) {
    kept = stop;
    over.set();
  });
  clock.advance(1h);
  EXPECT_TRUE(over.wait());
  pool.wait_idle();
  EXPECT_FALSE(kept.stop_requested());
  (void)pool.shutdown_now();
  EXPECT_TRUE(kept.stop_requested()) << "it was good for the call alone";
}

TEST_P(submit_every_test, a_pool_is_idle_between_two_calls) {
  filch::scheduler& pool = make_timed_pool();
  auto series = filch::submit_every(pool, 1h, [] {});
  pool.wait_idle();
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
}

TEST_P(submit_every_test, every_end_of_the_pool_ends_it) {
  for (const int kind : {0, 1, 2, 3}) {
    filch::scheduler& pool = make_timed_pool();
    const auto alive = std::make_shared<int>(0);
    std::atomic<int> calls{0};
    auto quick = filch::submit_every(pool, 1ms, {.missed = filch::missed::catch_up}, [&, alive] { calls.fetch_add(1); });
    auto slow = filch::submit_every(pool, 1h, [alive] {});
    clock.advance(1s);  // a thousand calls
    EXPECT_TRUE(eventually([&] { return calls.load() > 2; }));
    if (kind == 0) pool.shutdown();
    if (kind == 1) pool.shutdown_for(1min);
    if (kind == 2) pool.shutdown_now();
    if (kind == 3) destroy_pool(pool);
    EXPECT_THROW(quick.get(), filch::task_cancelled);
    EXPECT_THROW(slow.get(), filch::task_cancelled);
    EXPECT_EQ(alive.use_count(), 1);
  }
}

TEST_P(submit_every_test, a_call_may_shut_its_pool_down) {
  filch::scheduler& pool = make_timed_pool();
  auto series = filch::submit_every(pool, 1ms, [&] {
    (void)pool.shutdown();
    EXPECT_THROW((void)filch::submit_every(pool, 1ms, [] {}), filch::closed);
  });
  clock.advance(1ms);
  EXPECT_THROW(series.get(), filch::task_cancelled);
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = 1, .cancelled = 1}));
}

/// A capture with something to say when it dies.
class last_words {
 public:
  explicit last_words(std::function<void()> say) : say_(std::move(say)) {}
  last_words(last_words&& other) noexcept : say_(std::exchange(other.say_, nullptr)) {}
  ~last_words() {
    if (say_) say_();
  }

 private:
  std::function<void()> say_;
};

TEST_P(submit_every_test, the_end_of_the_pool_waits_for_a_series_that_is_just_being_ended) {
  filch::scheduler& pool = make_timed_pool();
  const event dying;
  const event go;
  auto series = filch::submit_every(pool, 1h, [words = last_words([=] {
                                      dying.set();
                                      EXPECT_TRUE(go.wait());
                                    })] {});
  std::thread cancels([&] { EXPECT_TRUE(series.cancel()); });
  EXPECT_TRUE(dying.wait());
  EXPECT_EQ(pool.shutdown_for(1ms).running, 1U);
  std::atomic<bool> ended{false};
  std::thread ends([&] {
    pool.shutdown();
    ended = true;
  });
  std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(ended);
  go.set();
  ends.join();
  EXPECT_TRUE(series.ready());
  cancels.join();
}

TEST_P(submit_every_test, who_shuts_the_pool_down_second_waits_for_what_the_first_is_ending) {
  filch::scheduler& pool = make_timed_pool();
  const event dying;
  const event go;
  auto series = filch::submit_every(pool, 1h, [words = last_words([=] {
                                      dying.set();
                                      EXPECT_TRUE(go.wait());
                                    })] {});
  std::thread ends([&] { (void)pool.shutdown(); });
  EXPECT_TRUE(dying.wait());
  EXPECT_EQ(pool.shutdown_for(1ms).running, 1U);
  go.set();
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.cancelled = 1}));
  EXPECT_TRUE(series.ready());
  ends.join();
}

TEST_P(submit_every_test, a_capture_may_use_the_pool_when_it_dies_whoever_ends_the_series) {
  for (const bool by_pool : {false, true}) {
    filch::scheduler& pool = make_timed_pool();
    std::atomic<int> said{0};
    auto series = filch::submit_every(pool, 1h, [words = last_words([&] {
                                        (void)pool.shutdown();
                                        EXPECT_THROW(pool.wait_idle(), filch::would_deadlock);
                                        pool.post([&] { said.fetch_add(1); });
                                        said.fetch_add(1);
                                      })] {});
    if (by_pool)
      (void)pool.shutdown();
    else
      EXPECT_TRUE(series.cancel());
    (void)pool.shutdown();
    EXPECT_EQ(said.load(), 2);
    EXPECT_THROW(series.get(), filch::task_cancelled);
  }
}

TEST_P(submit_every_test, a_capture_that_waits_for_its_own_series_is_told) {
  filch::scheduler& pool = make_timed_pool();
  std::optional<filch::future<void>> series;
  std::atomic<int> told{0};
  const event inside;
  series = filch::submit_every(pool, 1ms, [&, inside, words = last_words([&] {
                                             try {
                                               series->wait();
                                             } catch (const filch::would_deadlock&) {
                                               told.fetch_add(1);
                                             }
                                           })] { inside.set(); });
  clock.advance(1ms);
  EXPECT_TRUE(inside.wait());
  EXPECT_TRUE(series->cancel());
  series->wait();
  EXPECT_EQ(told.load(), 1);
}

TEST_P(submit_every_test, what_is_due_at_the_very_moment_is_not_missed) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> calls{0};
  auto series = filch::submit_every(pool, 10ms, [&] {
    if (calls.fetch_add(1) == 0) clock.advance(20ms);
  });
  clock.advance(10ms);
  EXPECT_TRUE(eventually([&] { return calls.load() == 2; }));  // that of 30, at 30
  pool.wait_idle();
  expect_after(9ms, pool, calls, 2);
  expect_after(1ms, pool, calls, 3);
}

TEST_P(submit_every_test, what_makes_no_sense_is_refused_at_the_call) {
  filch::scheduler& pool = make_timed_pool();
  using seconds = std::chrono::duration<double>;
  EXPECT_THROW((void)filch::submit_every(pool, 0s, [] {}), std::invalid_argument);
  EXPECT_THROW((void)filch::submit_every(pool, -1s, [] {}), std::invalid_argument);
  const seconds no_number(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THROW((void)filch::submit_every(pool, no_number, [] {}), std::invalid_argument);
  EXPECT_THROW((void)filch::submit_every(pool, 1s, std::function<void()>()), std::invalid_argument);
  EXPECT_THROW((void)filch::submit_every(pool, 1s, {.pace = static_cast<filch::pace>(9)}, [] {}), std::invalid_argument);
  EXPECT_THROW((void)filch::submit_every(pool, 1s, {.missed = static_cast<filch::missed>(9)}, [] {}), std::invalid_argument);
  EXPECT_THROW((void)filch::submit_every(pool, 1s, {.task = {.priority = static_cast<filch::priority>(9)}}, [] {}),
               std::invalid_argument);
  pool.shutdown();
  const std::stop_source source;
  const auto alive = std::make_shared<int>(0);
  EXPECT_THROW((void)filch::submit_every(pool, 1s, [alive] {}), filch::closed);
  EXPECT_THROW((void)filch::submit_every(pool, 1s, {.task = {.stop = source.get_token()}}, [alive] {}), filch::closed);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_P(submit_every_test, a_period_without_end_never_comes_again) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> calls{0};
  auto series = filch::submit_every(pool, std::chrono::hours::max(), {.first = 0s}, [&] { calls.fetch_add(1); });
  expect_after(0s, pool, calls, 1);
  expect_after(24h * 365 * 100, pool, calls, 1);
}

TEST_P(submit_every_test, a_child_made_by_fork_is_told) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> calls{0};
  auto series = filch::submit_every(pool, 1s, [&] { calls.fetch_add(1); });
  EXPECT_EQ(answer_of_child([&] {
              try {
                (void)filch::submit_every(pool, 1s, [] {});
                return 1;
              } catch (const filch::forked&) {
              }
              try {
                series.cancel();
                return 2;
              } catch (const filch::forked&) {
                return 0;
              }
            }),
            0);
  expect_after(1s, pool, calls, 1);
}

TEST_P(submit_every_test, by_the_real_clock_it_goes_on_and_on) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> calls{0};
  auto series = filch::submit_every(pool, 100us, [&] { calls.fetch_add(1); });
  EXPECT_TRUE(eventually([&] { return calls.load() >= 20; }));
  EXPECT_TRUE(series.cancel());
  EXPECT_THROW(series.get(), filch::task_cancelled);
}

TEST_P(submit_every_test, whoever_ends_it_first_it_ends_once) {
  for (unsigned round = 0; round != scaled(100) + 5; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    std::stop_source group;
    std::atomic<int> calls{0};
    const auto alive = std::make_shared<int>(0);
    std::vector<filch::future<void>> all;
    for (unsigned i = 0; i != 6; ++i) {
      const filch::tick_options options{.first = 0s, .task = {.stop = i % 2 == 0 ? group.get_token() : std::stop_token()}};
      all.push_back(filch::submit_every(pool, 1us, options, [&, alive, i] {
        if (calls.fetch_add(1) == 20 && i == 5) throw std::runtime_error("enough");
      }));
    }
    std::thread stops([&] { group.request_stop(); });
    std::thread cancels([&] {
      for (auto& each : all) (void)each.cancel();
    });
    if (round % 3 == 0) (void)pool.shutdown_now();
    if (round % 3 == 1) (void)pool.shutdown();
    if (round % 3 == 2 && round % 2 == 0) destroy_pool(pool);
    stops.join();
    cancels.join();
    std::uint64_t ended = 0;
    for (auto& each : all) {
      try {
        each.get();
        ADD_FAILURE() << "a series ended with nothing";
      } catch (const filch::task_cancelled&) {
        ++ended;
      } catch (const std::runtime_error&) {
      }
    }
    EXPECT_EQ(alive.use_count(), 1);
    if (round % 3 == 2 && round % 2 == 0) continue;
    const filch::shutdown_counts counts = pool.shutdown();
    EXPECT_EQ(counts.running, 0U);
    if (round % 3 != 0) {
      EXPECT_EQ(counts.cancelled, ended);
    }
    destroy_pool(pool);
  }
}

}  // namespace
