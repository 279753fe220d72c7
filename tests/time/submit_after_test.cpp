// Tasks that start later: in time, not before, and under every kind of end.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/process_probe.hpp"
#include "time/timed_pool.hpp"

namespace {

using namespace filch_tests;

class submit_after_test : public timed_pool_test {};
INSTANTIATE_POOL_SHAPES(submit_after_test);

TEST_P(submit_after_test, starts_when_its_time_has_come_and_not_before) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<bool> ran{false};
  auto answer = filch::submit_after(pool, 10ms, [&](int x) { ran = true; return 2 * x; }, 21);
  clock.advance(9'999us);
  pool.submit([] {}).get();
  EXPECT_FALSE(answer.ready());
  EXPECT_FALSE(ran);
  clock.advance(1us);
  EXPECT_EQ(answer.get(), 42);
  EXPECT_TRUE(ran);
}

TEST_P(submit_after_test, each_of_many_starts_at_its_own_time) {
  filch::scheduler& pool = make_timed_pool();
  std::vector<filch::future<int>> later;
  for (int i = 0; i != 200; ++i) later.push_back(filch::submit_after(pool, ((i * 37) % 200 + 1) * 1ms, [i] { return i; }));
  for (int now = 1; now != 201; ++now) {
    clock.advance(1ms);
    for (int i = 0; i != 200; ++i) {
      const int due = (i * 37) % 200 + 1;
      filch::future<int>& task = later[static_cast<std::size_t>(i)];
      if (due == now) {
        EXPECT_EQ(task.get(), i);
      } else if (due > now) {
        EXPECT_FALSE(task.ready());
      }
    }
  }
}

TEST_P(submit_after_test, at_a_moment_of_any_clock) {
  filch::scheduler& pool = make_timed_pool();
  auto steady = filch::submit_at(pool, clock.now() + 1h, [] { return 1; });
  auto coarse = filch::submit_at(pool, std::chrono::ceil<std::chrono::hours>(clock.now()) + 1h, [] { return 2; });
  auto system = filch::submit_at(pool, std::chrono::system_clock::now() + 1h, [] { return 3; });
  auto past = filch::submit_at(pool, clock.now() - 1h, [] { return 4; });
  auto long_past = filch::submit_at(pool, std::chrono::steady_clock::time_point::min(), [] { return 5; });
  auto never = filch::submit_at(pool, std::chrono::system_clock::time_point::max(), [] { return 6; });
  EXPECT_EQ(past.get(), 4);
  EXPECT_EQ(long_past.get(), 5);
  clock.advance(30min);
  EXPECT_FALSE(steady.ready() || coarse.ready() || system.ready());
  clock.advance(30min);
  EXPECT_EQ(steady.get(), 1);
  EXPECT_EQ(system.get(), 3);
  clock.advance(1h);
  EXPECT_EQ(coarse.get(), 2);
  clock.advance(24h * 365);
  EXPECT_FALSE(never.ready());
  EXPECT_TRUE(never.cancel());
}

TEST_P(submit_after_test, takes_what_submit_takes) {
  filch::scheduler& pool = make_timed_pool();
  int place = 0;
  auto moved = filch::submit_after(pool, 1s, [text = std::make_unique<std::string>("a")](std::unique_ptr<std::string> b) {
    return std::make_unique<std::string>(*text + *b);
  }, std::make_unique<std::string>("b"));
  auto reference = filch::submit_after(pool, 1s, {.priority = filch::priority::high}, [&]() -> int& { return place; });
  auto told = filch::submit_after(pool, 1s, {.priority = filch::priority::low}, 
                                  [](std::stop_token stop) { return stop.stop_possible(); });
  auto throws = filch::submit_after(pool, 1s, [] { throw std::runtime_error("late"); });
  clock.advance(1s);
  EXPECT_EQ(*moved.get(), "ab");
  EXPECT_EQ(&reference.get(), &place);
  EXPECT_TRUE(told.get());
  EXPECT_THROW(throws.get(), std::runtime_error);
}

TEST_P(submit_after_test, a_delay_that_is_over_starts_at_once_and_one_without_end_never) {
  filch::scheduler& pool = make_timed_pool();
  using seconds = std::chrono::duration<double>;
  EXPECT_EQ(filch::submit_after(pool, 0s, [] { return 1; }).get(), 1);
  EXPECT_EQ(filch::submit_after(pool, -5h, [] { return 2; }).get(), 2);
  EXPECT_EQ(filch::submit_after(pool, seconds(-std::numeric_limits<double>::infinity()), [] { return 3; }).get(), 3);
  EXPECT_EQ(filch::submit_after(pool, seconds(std::numeric_limits<double>::quiet_NaN()), [] { return 4; }).get(), 4);
  auto never = filch::submit_after(pool, seconds(std::numeric_limits<double>::infinity()), [] { return 5; });
  auto nearly_never = filch::submit_after(pool, std::chrono::hours::max(), [] { return 6; });
  clock.advance(24h * 365 * 100);
  EXPECT_FALSE(never.ready() || nearly_never.ready());
  EXPECT_TRUE(never.cancel());
  EXPECT_TRUE(nearly_never.cancel());
}

TEST_P(submit_after_test, what_cannot_be_submitted_is_refused_at_the_call) {
  filch::scheduler& pool = make_timed_pool();
  EXPECT_THROW((void)filch::submit_after(pool, 1s, std::function<void()>()), std::invalid_argument);
  EXPECT_THROW((void)filch::submit_at(pool, clock.now(), static_cast<void (*)()>(nullptr)), std::invalid_argument);
  EXPECT_THROW((void)filch::submit_after(pool, 1s, {.priority = static_cast<filch::priority>(9)}, [] {}),
               std::invalid_argument);
  const std::stop_source source;
  const filch::task_options wrong{.priority = static_cast<filch::priority>(9), .stop = source.get_token()};
  EXPECT_THROW((void)filch::submit_after(pool, 1s, wrong, [] {}), std::invalid_argument);
  struct no_copy {
    no_copy() = default;
    no_copy(const no_copy&) { throw std::runtime_error("no copy"); }
    void operator()() const {}
  } const uncopied;
  EXPECT_THROW((void)filch::submit_after(pool, 1s, uncopied), std::runtime_error);
  pool.shutdown();
  EXPECT_THROW((void)filch::submit_after(pool, 1s, [] {}), filch::closed);
  EXPECT_THROW((void)filch::submit_after(pool, 1s, {.stop = source.get_token()}, [] {}), filch::closed);
  EXPECT_EQ(pool.shutdown(), filch::shutdown_counts());
}

// The worker has nothing else to do, and still must not run it before its time.
TEST_P(submit_after_test, a_get_waits_for_its_time_wherever_it_is) {
  filch::scheduler& pool = make_timed_pool();
  const auto due = clock.now() + 1s;
  const auto is_in_time = [&] { return clock.now() >= due; };
  auto inside = pool.submit([&] { return filch::submit_at(pool, due, is_in_time).get(); });
  EXPECT_TRUE(eventually([&] { return pool.metrics().total().blocked_waits == 1 || inside.ready(); }));
  EXPECT_FALSE(inside.ready());
  auto helped = filch::submit_at(pool, due, is_in_time);
  std::thread helps([&] { EXPECT_TRUE(helped.get(filch::help)); });
  std::this_thread::sleep_for(1ms);  // into its wait; before or after, it must not run the task
  clock.advance(1s);
  EXPECT_TRUE(inside.get());
  helps.join();
}

TEST_P(submit_after_test, cancelled_before_its_time_it_is_over_at_once) {
  filch::scheduler& pool = make_timed_pool();
  const auto alive = std::make_shared<int>(0);
  auto later = filch::submit_after(pool, 1s, [alive] { ADD_FAILURE() << "ran although it was cancelled"; });
  EXPECT_EQ(alive.use_count(), 2);
  EXPECT_TRUE(later.cancel());
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_TRUE(later.ready());
  EXPECT_FALSE(later.cancel());
  EXPECT_THROW(later.get(), filch::task_cancelled);
  clock.advance(2s);
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.cancelled = 1}));
}

TEST_P(submit_after_test, a_stop_token_ends_those_that_wait_and_tells_those_that_run) {
  filch::scheduler& pool = make_timed_pool();
  std::stop_source group;
  const auto alive = std::make_shared<int>(0);
  const event inside;
  auto runs = filch::submit_after(pool, 1s, {.stop = group.get_token()}, [inside](std::stop_token stop) {
    inside.set();
    return eventually([&] { return stop.stop_requested(); });
  });
  std::vector<filch::future<void>> wait;
  for (int i = 0; i != 100; ++i) wait.push_back(filch::submit_after(pool, 2s, {.stop = group.get_token()}, [alive] {}));
  clock.advance(1s);
  EXPECT_TRUE(inside.wait());
  group.request_stop();
  EXPECT_EQ(alive.use_count(), 1);
  for (auto& each : wait) EXPECT_THROW(each.get(), filch::task_cancelled);
  EXPECT_TRUE(runs.get());
  auto late = filch::submit_after(pool, 0s, {.stop = group.get_token()}, [alive] {});
  EXPECT_TRUE(late.ready());
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_THROW(late.get(), filch::task_cancelled);
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = 1, .cancelled = 101}));
}

TEST_P(submit_after_test, without_a_token_of_its_own_it_is_given_that_of_the_pool) {
  filch::scheduler& pool = make_timed_pool();
  std::stop_token kept;
  filch::submit_after(pool, 0ms, [&](const std::stop_token& stop) { kept = stop; }).get();
  EXPECT_FALSE(kept.stop_requested());
  (void)pool.shutdown_now();
  EXPECT_TRUE(kept.stop_requested()) << "it was good for the call alone";
}

TEST_P(submit_after_test, a_callable_may_bring_the_options_with_it) {
  struct brings_options {
    filch::task_options options;
    void operator()() const {}
  };
  filch::scheduler& pool = make_timed_pool();
  std::stop_source source;
  brings_options later{{.stop = source.get_token()}};
  auto waiting = filch::submit_after(pool, 1h, later.options, std::move(later));
  held_workers held(pool, width());
  brings_options now{{.stop = source.get_token()}};
  auto queued = pool.submit(now.options, std::move(now));
  source.request_stop();
  EXPECT_TRUE(waiting.ready());
  EXPECT_TRUE(queued.ready());
  (void)waiting.cancel();
}

TEST_P(submit_after_test, a_dropped_future_neither_waits_nor_cancels) {
  filch::scheduler& pool = make_timed_pool();
  const event ran;
  (void)filch::submit_after(pool, 1s, [ran] { ran.set(); });
  clock.advance(1s);
  EXPECT_TRUE(ran.wait());
}

TEST_P(submit_after_test, wait_idle_waits_for_what_has_not_come) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<bool> ran{false};
  (void)filch::submit_after(pool, 1s, [&] { ran = true; });
  std::thread moves([&] { clock.advance(1s); });
  pool.wait_idle();
  EXPECT_TRUE(ran);
  moves.join();
}

TEST_P(submit_after_test, shutdown_waits_for_the_time_of_all_and_lets_tasks_add_more) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<int> ran{0};
  for (int i = 0; i != 10; ++i)
    (void)filch::submit_after(pool, 1s, [&] {
      (void)filch::submit_after(pool, 1s, [&] { ran.fetch_add(1); });
      ran.fetch_add(1);
    });
  std::thread moves([&] {
    EXPECT_TRUE(eventually([&] { return is_closed(pool); }));
    EXPECT_THROW((void)filch::submit_after(pool, 1s, [] {}), filch::closed);
    clock.advance(1s);
    EXPECT_TRUE(eventually([&] { return ran.load() == 10; }));
    clock.advance(1s);
  });
  const filch::shutdown_counts counts = pool.shutdown();
  EXPECT_EQ(ran.load(), 20);
  moves.join();
  EXPECT_EQ(counts.cancelled, 0U);
  EXPECT_EQ(counts.running, 0U);
}

TEST_P(submit_after_test, the_destructor_drains) {
  filch::scheduler& pool = make_timed_pool();
  std::atomic<bool> ran{false};
  const event made;
  std::thread ends([&, made] {
    EXPECT_TRUE(made.wait());
    destroy_pool(pool);
  });
  auto later = filch::submit_after(pool, 1s, [&] { (void)filch::submit_after(pool, 0s, [&] { ran = true; }); });
  made.set();
  EXPECT_TRUE(eventually([&] { return is_closed(pool); }));
  clock.advance(1s);
  ends.join();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(later.ready());
}

TEST_P(submit_after_test, shutdown_now_cancels_what_waits_and_frees_its_captures) {
  filch::scheduler& pool = make_timed_pool();
  const auto alive = std::make_shared<int>(0);
  std::vector<filch::future<void>> wait;
  for (int i = 0; i != 100; ++i) wait.push_back(filch::submit_after(pool, (1 + i % 3) * 1s, [alive] {}));
  held_workers held(pool, width());
  clock.advance(1s);
  EXPECT_EQ(pool.shutdown_now(), (filch::shutdown_counts{.cancelled = 100, .running = width()}));
  EXPECT_EQ(alive.use_count(), 1);
  for (auto& each : wait) {
    EXPECT_TRUE(each.ready());
    EXPECT_THROW(each.get(), filch::task_cancelled);
  }
  held.release();
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = width(), .cancelled = 100}));
}

TEST_P(submit_after_test, a_task_that_runs_while_its_pool_cancels_may_submit_and_that_is_cancelled) {
  filch::scheduler& pool = make_timed_pool();
  const event inside;
  const event go;
  auto outer = pool.submit([&, inside, go] {
    inside.set();
    EXPECT_TRUE(go.wait());
    return filch::submit_after(pool, 1h, [] {});
  });
  EXPECT_TRUE(inside.wait());
  (void)pool.shutdown_now();
  go.set();
  auto inner = outer.get();
  EXPECT_THROW(inner.get(), filch::task_cancelled);
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = 1, .cancelled = 1}));
}

TEST_P(submit_after_test, shutdown_for_cancels_at_its_deadline_what_has_not_come) {
  filch::scheduler& pool = make_timed_pool();
  auto soon = filch::submit_after(pool, 1s, [] { return 1; });
  auto late = filch::submit_after(pool, 2s, [] { return 2; });
  clock.advance(1s);
  soon.wait();
  EXPECT_EQ(pool.shutdown_for(1ms), (filch::shutdown_counts{.finished = 1, .cancelled = 1}));
  EXPECT_EQ(soon.get(), 1);
  EXPECT_THROW(late.get(), filch::task_cancelled);
}

TEST_P(submit_after_test, a_child_made_by_fork_is_told) {
  filch::scheduler& pool = make_timed_pool();
  auto later = filch::submit_after(pool, 1s, [] { return 42; });
  std::stop_source source;
  auto stoppable = filch::submit_after(pool, 1s, {.stop = source.get_token()}, [] { return 43; });
  EXPECT_EQ(answer_of_child([&] {
              try {
                (void)filch::submit_after(pool, 1s, [] {});
                return 1;
              } catch (const filch::forked&) {
              }
              try {
                filch::use_clock(pool, clock);
                return 2;
              } catch (const filch::forked&) {
              }
              try {
                later.cancel();
                return 3;
              } catch (const filch::forked&) {
              }
              source.request_stop();
              return stoppable.ready() ? 4 : 0;
            }),
            0);
  clock.advance(1s);
  EXPECT_EQ(later.get(), 42);
  EXPECT_EQ(stoppable.get(), 43);
}

TEST_P(submit_after_test, by_the_real_clock_it_is_never_early) {
  filch::scheduler& pool = make_shaped_pool();
  for (int i = 0; i != 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto ran_at = filch::submit_after(pool, i * 100us, [] { return std::chrono::steady_clock::now(); }).get();
    EXPECT_GE(ran_at - begin, i * 100us);
  }
}

TEST_P(submit_after_test, a_cancel_and_the_time_that_race_are_told_apart) {
  filch::scheduler& pool = make_shaped_pool();
  const unsigned rounds = scaled(4'000);
  unsigned in_time = 0;
  for (unsigned round = 0; round != rounds; ++round) {
    std::atomic<bool> ran{false};
    auto later = filch::submit_after(pool, (round % 64) * 1us, [&] { ran = true; });
    if (round % 2 == 0) std::this_thread::yield();
    const bool cancelled = later.cancel();
    try {
      later.get();
      EXPECT_TRUE(ran && !cancelled);
    } catch (const filch::task_cancelled&) {
      EXPECT_TRUE(!ran && cancelled);
      ++in_time;
    }
  }
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = rounds - in_time, .cancelled = in_time}));
}

TEST_P(submit_after_test, whoever_submits_stops_and_ends_the_pool_each_task_has_one_end) {
  for (unsigned round = 0; round != scaled(100) + 5; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    std::stop_source group;
    std::atomic<std::uint64_t> ran{0};
    std::atomic<std::uint64_t> made{0};
    std::vector<std::thread> submitters;
    for (unsigned i = 0; i != 2; ++i)
      submitters.emplace_back([&, i] {
        try {
          for (unsigned n = 0; n != 50; ++n) {
            if (n % 2 == i)
              (void)filch::submit_after(pool, n * 1us, [&] { ran.fetch_add(1); });
            else
              (void)filch::submit_after(pool, n * 2us, {.stop = group.get_token()}, [&] { ran.fetch_add(1); });
            made.fetch_add(1);
          }
        } catch (const filch::closed&) {
        }
      });
    if (round % 3 == 0) group.request_stop();
    if (round % 4 != 0) (void)pool.shutdown_now();
    for (std::thread& each : submitters) each.join();
    const filch::shutdown_counts counts = pool.shutdown();
    EXPECT_EQ(counts.finished, ran.load());
    EXPECT_EQ(counts.finished + counts.cancelled, made.load());
    destroy_pool(pool);
  }
}

// The submitter may still be inside submit_after() when the task has told that it is over.
TEST_P(submit_after_test, the_pool_may_go_as_soon_as_the_last_task_has_run) {
  for (unsigned round = 0; round != scaled(100) + 5; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    const event ran;
    std::thread submits([&, ran] { (void)filch::submit_after(pool, 0s, [ran] { ran.set(); }); });
    EXPECT_TRUE(ran.wait());
    destroy_pool(pool);
    submits.join();
  }
}

}  // namespace
