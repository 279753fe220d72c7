// The end of a pool: closing, draining, cancelling, and what becomes of every task.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/allocation_probe.hpp"
#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;

class shutdown_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(shutdown_test);

TEST_P(shutdown_test, shutdown_runs_everything_that_is_queued_and_what_that_submits) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  for (int i = 0; i != 500; ++i)
    pool.post([&] {
      ran.fetch_add(1);
      (void)pool.submit([&] { pool.post([&] { ran.fetch_add(1); }); });
    });
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = 1'500}));
  EXPECT_EQ(ran.load(), 1'000);
}

TEST_P(shutdown_test, the_destructor_drains) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  for (int i = 0; i != 500; ++i) pool.post([&] { pool.post([&] { ran.fetch_add(1); }); });
  destroy_pool(pool);
  EXPECT_EQ(ran.load(), 500);
}

TEST_P(shutdown_test, a_pool_that_was_shut_down_takes_nothing_from_outside_and_says_so) {
  filch::scheduler& pool = make_shaped_pool();
  pool.shutdown();
  EXPECT_THROW((void)pool.submit([] {}), filch::closed);
  EXPECT_THROW(pool.post([] {}), filch::error::closed);
  EXPECT_THROW((void)pool.submit_bulk(std::vector<int>{1}, [](int) {}), filch::closed);
  EXPECT_THROW(pool.post_bulk(std::vector<int>{1}, [](int) {}), filch::closed);
  EXPECT_THROW((void)pool.submit_bulk(std::vector<int>{}, [](int) {}), filch::closed);
  EXPECT_THROW(pool.post_bulk(std::vector<int>{}, [](int) {}), filch::closed);
  EXPECT_THROW(pool.executor().post([] {}), filch::closed);
  try {
    pool.post([] {});
  } catch (const filch::error& error) {
    EXPECT_NE(std::string(error.what()).find("before shutdown()"), std::string::npos) << error.what();
  }
  pool.wait_idle();
  EXPECT_EQ(pool.shutdown(), filch::shutdown_counts{});
}

TEST_P(shutdown_test, every_kind_may_be_called_again_and_answers_the_same) {
  filch::scheduler& pool = make_shaped_pool();
  for (int i = 0; i != 10; ++i) pool.post([] {});
  const filch::shutdown_counts counts = pool.shutdown();
  EXPECT_EQ(counts, (filch::shutdown_counts{.finished = 10}));
  EXPECT_EQ(pool.shutdown(), counts);
  EXPECT_EQ(pool.shutdown_now(), counts);
  EXPECT_EQ(pool.shutdown_for(0s), counts);
  EXPECT_EQ(pool.shutdown_for(1h), counts);
}

TEST_P(shutdown_test, many_threads_may_call_every_kind_at_once) {
  for (unsigned round = 0; round != scaled(100) + 5; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    std::atomic<std::uint64_t> ran{0};
    for (int i = 0; i != 100; ++i) pool.post([&] { ran.fetch_add(1); });
    std::vector<std::thread> threads;
    for (int i = 0; i != 6; ++i)
      threads.emplace_back([&, i] {
        if (i % 3 == 0) pool.shutdown();
        if (i % 3 == 1) pool.shutdown_for(1h);
        if (i % 3 == 2) pool.shutdown_now();
      });
    for (std::thread& each : threads) each.join();
    const filch::shutdown_counts counts = pool.shutdown();
    EXPECT_EQ(counts.finished, ran.load());
    EXPECT_EQ(counts.finished + counts.cancelled, 100U);
    EXPECT_EQ(counts.running, 0U);
    destroy_pool(pool);
  }
}

TEST_P(shutdown_test, shutdown_now_cancels_what_is_queued_and_frees_its_captures) {
  filch::scheduler& pool = make_shaped_pool();
  const auto alive = std::make_shared<int>(0);
  held_workers held(pool, width());
  std::vector<filch::future<void>> futures;
  for (int i = 0; i != 100; ++i) futures.push_back(pool.submit([alive] {}));
  for (int i = 0; i != 100; ++i) pool.post([alive] { ADD_FAILURE() << "ran after it was cancelled"; });
  const filch::shutdown_counts counts = pool.shutdown_now();
  EXPECT_EQ(counts, (filch::shutdown_counts{.finished = 0, .cancelled = 200, .running = width()}));
  EXPECT_EQ(alive.use_count(), 1);
  for (auto& each : futures) {
    EXPECT_TRUE(each.ready());
    EXPECT_THROW(each.get(), filch::task_cancelled);
  }
  held.release();
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = width(), .cancelled = 200}));
}

TEST_P(shutdown_test, whoever_cancels_a_task_is_inside_it_while_its_captures_go) {
  struct last_words {
    explicit last_words(std::function<void()> what) : say(std::move(what)) {}
    last_words(last_words&& other) noexcept : say(std::exchange(other.say, nullptr)) {}
    ~last_words() {
      if (say) say();
    }
    std::function<void()> say;
  };
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> refused{0};
  std::atomic<int> taken{0};
  held_workers held(pool, width());
  const auto speak = [&] {
    (void)pool.shutdown();  // returns: it would wait for the task that is just being cancelled
    try {
      pool.wait_idle();
    } catch (const filch::would_deadlock&) {
      refused.fetch_add(1);
    }
    pool.post([] { ADD_FAILURE() << "ran after shutdown_now()"; });
    taken.fetch_add(1);
  };
  for (int i = 0; i != 20; ++i) pool.post([words = last_words(speak)] {});
  const filch::shutdown_counts counts = pool.shutdown_now();
  held.release();
  EXPECT_EQ(refused.load(), 20);
  EXPECT_EQ(taken.load(), 20);
  EXPECT_GE(counts.cancelled, 20U);
  const filch::shutdown_counts at_the_end = pool.shutdown();
  EXPECT_EQ(at_the_end.cancelled, 40U);
  EXPECT_EQ(at_the_end.finished, width());
  EXPECT_EQ(at_the_end.running, 0U);
}

TEST_P(shutdown_test, a_cancelled_future_says_why) {
  filch::scheduler_options options = shape();
  options.name = "short-lived";
  filch::scheduler& pool = make_pool(std::move(options));
  held_workers held(pool, width());
  auto future = pool.submit([] {});
  pool.shutdown_now();
  try {
    future.get();
    ADD_FAILURE() << "it ran";
  } catch (const filch::error& error) {
    EXPECT_NE(std::string(error.what()).find("short-lived"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("use shutdown()"), std::string::npos) << error.what();
  }
}

TEST_P(shutdown_test, shutdown_now_and_a_deadline_stop_the_tokens) {
  for (const bool now : {true, false}) {
    filch::scheduler& pool = make_shaped_pool();
    std::atomic<unsigned> inside{0};
    std::vector<filch::future<bool>> futures;
    for (unsigned i = 0; i != width(); ++i)
      futures.push_back(pool.submit([&](const std::stop_token& stop) {
        inside.fetch_add(1);
        return eventually([&] { return stop.stop_requested(); });
      }));
    EXPECT_TRUE(eventually([&] { return inside.load() == width(); }));
    now ? pool.shutdown_now() : pool.shutdown_for(1ms);
    for (auto& each : futures) EXPECT_TRUE(each.get());
  }
}

TEST_P(shutdown_test, shutdown_does_not_stop_the_tokens) {
  filch::scheduler& pool = make_shaped_pool();
  auto future = pool.submit([](const std::stop_token& stop) {
    std::this_thread::sleep_for(1ms);
    return stop.stop_requested();
  });
  pool.shutdown();
  EXPECT_FALSE(future.get());
}

TEST_P(shutdown_test, shutdown_for_drains_what_it_can_and_cancels_the_rest) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  auto queued = pool.submit([] {});
  EXPECT_EQ(pool.shutdown_for(5ms), (filch::shutdown_counts{.finished = 0, .cancelled = 1, .running = width()}));
  EXPECT_THROW(queued.get(), filch::task_cancelled);
  held.release();
  EXPECT_EQ(pool.shutdown_for(1h), (filch::shutdown_counts{.finished = width(), .cancelled = 1}));

  filch::scheduler& quick = make_shaped_pool();
  for (int i = 0; i != 100; ++i) quick.post([] {});
  EXPECT_EQ(quick.shutdown_for(std::chrono::hours::max()), (filch::shutdown_counts{.finished = 100}));
}

TEST_P(shutdown_test, a_negative_limit_is_refused_and_nothing_is_closed) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_THROW(pool.shutdown_for(-1ns), std::invalid_argument);
  EXPECT_THROW(pool.shutdown_for(-1h), std::invalid_argument);
  EXPECT_THROW(pool.shutdown_for(std::chrono::duration<double>(-0.5)), std::invalid_argument);
  EXPECT_THROW(pool.shutdown_for(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
               std::invalid_argument);
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
}

TEST_P(shutdown_test, tasks_may_submit_during_every_kind_and_the_counts_add_up) {
  for (int kind = 0; kind != 3; ++kind) {
    filch::scheduler& pool = make_shaped_pool();
    std::atomic<std::uint64_t> submitted{0};
    std::atomic<std::uint64_t> ran{0};
    std::atomic<bool> enough{false};
    std::function<void()> body = [&] {
      ran.fetch_add(1);
      if (enough) return;
      submitted.fetch_add(2);
      pool.post(std::ref(body));
      const auto dropped = pool.submit([&] { ran.fetch_add(1); });
    };
    for (unsigned i = 0; i != 2 * width(); ++i) {
      submitted.fetch_add(1);
      pool.post(std::ref(body));
    }
    std::thread later([&] {
      EXPECT_TRUE(eventually([&] { return ran.load() > 500; }));
      if (kind != 1) enough = true;  // draining ends when the tasks stop submitting
    });
    if (kind == 0) pool.shutdown();
    if (kind == 1) {
      EXPECT_TRUE(eventually([&] { return ran.load() > 500; }));
      pool.shutdown_now();
    }
    if (kind == 2) pool.shutdown_for(1h);
    later.join();
    enough = true;
    const filch::shutdown_counts counts = pool.shutdown();
    EXPECT_EQ(counts.finished, ran.load()) << "kind " << kind;
    EXPECT_EQ(counts.finished + counts.cancelled, submitted.load()) << "kind " << kind;
    EXPECT_EQ(counts.running, 0U);
    destroy_pool(pool);
  }
}

TEST_P(shutdown_test, a_blocked_task_gets_the_news_of_a_cancelled_one) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  filch::scheduler& pool = make_pool(std::move(options));
  const event waiting;
  auto outer = pool.submit([&] {
    auto child = pool.submit([] {});
    waiting.set();
    EXPECT_TRUE(eventually([&] { return child.ready(); }));  // cancelled by the thread that shuts down
    EXPECT_THROW(child.get(), filch::task_cancelled);
  });
  EXPECT_TRUE(waiting.wait());
  pool.shutdown_now();
  EXPECT_EQ(outer.wait_for(watchdog), filch::future_status::ready);
  outer.get();
}

TEST_P(shutdown_test, on_a_worker_every_kind_closes_and_returns_at_once) {
  for (int kind = 0; kind != 3; ++kind) {
    filch::scheduler& pool = make_shaped_pool();
    const filch::shutdown_counts seen = pool.submit([&] {
                                            if (kind == 0) return pool.shutdown();
                                            if (kind == 1) return pool.shutdown_now();
                                            return pool.shutdown_for(1h);
                                          }).get();
    EXPECT_EQ(seen, (filch::shutdown_counts{.finished = 0, .cancelled = 0, .running = 1}));
    EXPECT_THROW(pool.post([] {}), filch::closed);
    EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = 1}));
  }
}

TEST_P(shutdown_test, wait_idle_on_a_worker_is_refused) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& other = make_shaped_pool();
  pool.submit([&] {
        EXPECT_THROW(pool.wait_idle(), filch::would_deadlock);
        other.wait_idle();
      }).get();
}

TEST_P(shutdown_test, several_threads_wait_for_idleness) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  std::vector<std::thread> threads;
  held_workers held(pool, width());
  for (int i = 0; i != 100; ++i) pool.post([&] { ran.fetch_add(1); });
  for (int i = 0; i != 4; ++i)
    threads.emplace_back([&] {
      pool.wait_idle();
      EXPECT_EQ(ran.load(), 100);
    });
  held.release();
  for (std::thread& each : threads) each.join();
}

TEST_P(shutdown_test, outsiders_that_hammer_a_closing_pool_get_a_future_that_becomes_ready_or_closed) {
  for (unsigned round = 0; round != scaled(50) + 10; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> ran{0};
    std::atomic<std::uint64_t> cancelled{0};
    std::atomic<unsigned> started{0};
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i)
      threads.emplace_back([&] {
        started.fetch_add(1);
        for (;;) {
          filch::future<void> future;
          try {
            future = pool.submit([&] { ran.fetch_add(1); });
          } catch (const filch::closed&) {
            return;
          }
          accepted.fetch_add(1);
          try {
            future.get();
          } catch (const filch::task_cancelled&) {
            cancelled.fetch_add(1);
          }
        }
      });
    EXPECT_TRUE(eventually([&] { return started.load() == 4; }));
    for (unsigned i = 0; i != round % 64; ++i) std::this_thread::yield();
    switch (round % 3) {
      case 0: pool.shutdown(); break;
      case 1: pool.shutdown_now(); break;
      default: pool.shutdown_for(0s); break;
    }
    for (std::thread& each : threads) each.join();
    const filch::shutdown_counts counts = pool.shutdown();
    EXPECT_EQ(counts.finished, ran.load());
    EXPECT_EQ(counts.cancelled, cancelled.load());
    EXPECT_EQ(counts.finished + counts.cancelled, accepted.load());
    destroy_pool(pool);
  }
}

TEST_P(shutdown_test, a_submitter_stopped_between_its_check_and_its_enqueue_holds_the_end_up_and_its_task_runs) {
  struct stop {
    event inside;
    event may_go_on;
  } where;
  filch::scheduler& pool = make_shaped_pool();
  filch::future<int> late;
  std::thread submitter([&] {
    const at_next_aligned_allocation stopped(
        [](void* context) {
          const auto& here = *static_cast<stop*>(context);
          here.inside.set();
          EXPECT_TRUE(here.may_go_on.wait());
        },
        &where);
    late = pool.submit([] { return 42; });  // the first task from outside takes memory, once the pool has said yes
  });
  ASSERT_TRUE(where.inside.wait());
  const event ended;
  std::thread closer([&] {
    EXPECT_EQ(pool.shutdown().finished, 1U);
    ended.set();
  });
  const auto refuses = [&] {
    try {
      (void)pool.submit_bulk(std::vector<int>{}, [](int) {});
      return false;
    } catch (const filch::closed&) {
      return true;
    }
  };
  EXPECT_TRUE(eventually(refuses));
  EXPECT_FALSE(ended.is_set());
  where.may_go_on.set();
  submitter.join();
  closer.join();
  EXPECT_EQ(late.get(), 42);
}

TEST_P(shutdown_test, futures_outlive_the_pool) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<filch::future<std::string>> futures;
  for (int i = 0; i != 100; ++i) futures.push_back(pool.submit([i] { return std::string(100, static_cast<char>('a' + i % 26)); }));
  auto failed = pool.submit([]() -> int { throw std::runtime_error("kept"); });
  destroy_pool(pool);
  for (std::size_t i = 0; i != futures.size(); ++i) {
    EXPECT_TRUE(futures[i].ready());
    EXPECT_EQ(futures[i].wait_for(1h), filch::future_status::ready);
    EXPECT_EQ(futures[i].get(), std::string(100, static_cast<char>('a' + i % 26)));
  }
  EXPECT_THROW((void)failed.get(), std::runtime_error);
}

TEST_P(shutdown_test, a_future_that_waits_is_told_when_the_pool_is_cancelled_and_goes) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  auto queued = pool.submit([] {});
  std::thread waiting([future = std::move(queued)]() mutable { EXPECT_THROW(future.get(), filch::task_cancelled); });
  pool.shutdown_now();
  waiting.join();
  held.release();
  destroy_pool(pool);
}

TEST_P(shutdown_test, a_submitting_thread_outlives_the_pools_it_used) {
  for (int round = 0; round != 20; ++round) {
    auto pool = std::make_unique<filch::scheduler>(shape());
    const event used;
    const event gone;
    std::thread submitter([&] {
      pool->submit([] {}).get();
      auto kept = pool->submit([] { return 42; });
      used.set();
      EXPECT_TRUE(gone.wait());
      EXPECT_EQ(kept.get(), 42);
      EXPECT_EQ(filch::scheduler({.workers = 1}).submit([] { return 1; }).get(), 1);
    });
    EXPECT_TRUE(used.wait());
    pool.reset();
    gone.set();
    submitter.join();
  }
}

TEST_P(shutdown_test, after_the_end_a_pool_can_still_be_looked_at) {
  filch::scheduler& pool = make_shaped_pool();
  for (int i = 0; i != 10; ++i) pool.post([] {});
  pool.shutdown();
  EXPECT_EQ(pool.metrics().total().executed, 10U);
  EXPECT_EQ(pool.metrics().submitted(), 10U);
  EXPECT_FALSE(pool.describe().empty());
  EXPECT_EQ(pool.worker_count(), width());
}

TEST_P(shutdown_test, a_task_in_one_pool_may_end_another) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  auto inner = std::make_unique<filch::scheduler>(shape());
  inner->post([&] { ran.fetch_add(1); });
  pool.submit([&] { inner.reset(); }).get();
  EXPECT_EQ(ran.load(), 1);
}

TEST_P(shutdown_test, a_task_that_nobody_can_stand_in_for_may_end_another_pool_all_the_same) {
  filch::scheduler_options options = shape();
  options.spares = 0;
  filch::scheduler& pool = make_pool(std::move(options));
  filch::scheduler inner(shape());
  std::atomic<int> ran{0};
  inner.post([&] { ran.fetch_add(1); });
  std::vector<filch::future<filch::shutdown_counts>> all;
  for (unsigned i = 0; i != width(); ++i) all.push_back(pool.submit([&] { return inner.shutdown(); }));
  for (auto& each : all) EXPECT_EQ(each.get(), filch::shutdown_counts{.finished = 1});
  EXPECT_EQ(ran.load(), 1);
}

TEST(shutdown_counts, of_two_calls_differ_if_any_of_them_does) {
  using counts = filch::shutdown_counts;
  EXPECT_EQ((counts{1, 2, 3}), (counts{1, 2, 3}));
  EXPECT_NE((counts{1, 2, 3}), (counts{0, 2, 3}));
  EXPECT_NE((counts{1, 2, 3}), (counts{1, 0, 3}));
  EXPECT_NE((counts{1, 2, 3}), (counts{1, 2, 0}));
}

using shutdown_death_test = pool_test;

TEST_F(shutdown_death_test, a_task_that_destroys_its_own_pool_ends_the_program_with_a_sentence) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        auto pool = std::make_unique<filch::scheduler>(filch::scheduler_options{.workers = 2});
        filch::scheduler& alive = *pool;
        alive.submit([&] { pool.reset(); }).get();
      },
      "a task destroys the scheduler that runs it");
}

}  // namespace
