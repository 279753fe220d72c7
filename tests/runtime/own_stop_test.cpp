// Tasks with a stop token of their own, in pools that run, drain and go.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <filch/detail/base/pause.hpp>
#include <filch/task/errors.hpp>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

using filch::priority;

constexpr priority priorities[] = {priority::high, priority::normal, priority::low};

class own_stop_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(own_stop_test);

TEST_P(own_stop_test, a_pool_that_refuses_counts_nothing) {
  filch::scheduler& pool = make_shaped_pool();
  std::stop_source source;
  EXPECT_THROW((void)pool.submit({.priority = static_cast<priority>(9), .stop = source.get_token()}, [] {}),
               std::invalid_argument);
  pool.shutdown();
  EXPECT_THROW((void)pool.submit({.stop = source.get_token()}, [] {}), filch::closed);
  source.request_stop();
  EXPECT_THROW(pool.post({.stop = source.get_token()}, [] {}), filch::closed);
  EXPECT_EQ(pool.shutdown(), filch::shutdown_counts());
}

/// Takes the results; how many were cancelled.
unsigned cancelled_of(std::vector<filch::future<void>>& asked) {
  unsigned cancelled = 0;
  for (auto& each : asked) {
    try {
      each.get();
    } catch (const filch::task_cancelled&) {
      ++cancelled;
    }
  }
  return cancelled;
}

TEST_P(own_stop_test, a_stop_and_a_start_that_race_are_told_apart) {
  filch::scheduler& pool = make_shaped_pool();
  unsigned in_time = 0;
  const unsigned rounds = scaled(20'000);
  for (unsigned round = 0; round != rounds; ++round) {
    std::stop_source source;
    std::atomic<bool> ran{false};
    auto asked = pool.submit({.priority = priorities[round % 3], .stop = source.get_token()}, [&] { ran = true; });
    if (round % 4 == 0)
      for (unsigned turn = 0; turn != round % 512; ++turn) filch::detail::pause();
    source.request_stop();
    try {
      asked.get();
      EXPECT_TRUE(ran);
    } catch (const filch::task_cancelled&) {
      ++in_time;
      EXPECT_FALSE(ran);
    }
  }
  pool.wait_idle();
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = rounds - in_time, .cancelled = in_time}));
}

TEST_P(own_stop_test, a_stop_in_the_middle_of_submitting_ends_each_task_once) {
  filch::scheduler& pool = make_shaped_pool();
  const unsigned rounds = scaled(400);
  constexpr unsigned tasks = 50;
  std::atomic<unsigned> ran{0};
  unsigned cancelled = 0;
  for (unsigned round = 0; round != rounds; ++round) {
    std::stop_source source;
    std::atomic<bool> go{false};
    std::thread stops([&] {
      while (!go.load(std::memory_order_acquire)) filch::detail::pause();
      source.request_stop();
    });
    std::vector<filch::future<void>> asked;
    for (unsigned i = 0; i != tasks; ++i) {
      if (i == round % tasks) go.store(true, std::memory_order_release);
      asked.push_back(pool.submit({.stop = source.get_token()}, [&] { ran.fetch_add(1); }));
    }
    const auto count = [&](unsigned) { ran.fetch_add(1); };
    auto bulk = pool.submit_bulk({.stop = source.get_token()}, std::vector<unsigned>(tasks), count);
    for (auto& each : bulk) asked.push_back(std::move(each));
    stops.join();
    cancelled += cancelled_of(asked);
  }
  pool.wait_idle();
  EXPECT_EQ(ran.load() + cancelled, rounds * tasks * 2);
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = ran.load(), .cancelled = cancelled}));
}

TEST_P(own_stop_test, a_task_may_stop_the_group_it_belongs_to) {
  filch::scheduler& pool = make_shaped_pool();
  std::stop_source group;
  std::atomic<unsigned> ran{0};
  const unsigned tasks = 100;
  pool.submit({.stop = group.get_token()}, [&](const std::stop_token& stop) {
        for (unsigned i = 0; i != tasks; ++i) pool.post({.stop = group.get_token()}, [&] { ran.fetch_add(1); });
        group.request_stop();
        EXPECT_TRUE(stop.stop_requested());
      }).get();
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().total().cancelled + ran.load(), tasks);
  EXPECT_TRUE(ran.load() == 0 || width() != 1);
}

TEST_P(own_stop_test, the_token_that_a_task_is_given_reaches_its_children_while_it_runs_and_no_longer) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers others(pool, width() - 1);
  std::stop_source first;
  pool.submit({.stop = first.get_token()}, [&](const std::stop_token& stop) {
        auto child = pool.submit({.stop = stop}, [] {});
        first.request_stop();
        EXPECT_TRUE(child.ready());
        EXPECT_THROW(child.get(), filch::task_cancelled);
      }).get();
  std::stop_source second;
  filch::future<int> child;
  const event stopped;
  pool.submit({.stop = second.get_token()}, [&, stopped](const std::stop_token& stop) {
        child = pool.submit({.stop = stop}, [] { return 42; });
        pool.post([stopped] { EXPECT_TRUE(stopped.wait()); });  // the newest comes next, and keeps the only free worker
      }).get();
  second.request_stop();
  stopped.set();
  EXPECT_EQ(child.get(), 42);
}

TEST_P(own_stop_test, who_helps_is_given_the_token_of_the_task) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::stop_source source;
  auto helped = pool.submit({.stop = source.get_token()}, [&](const std::stop_token& stop) {
    source.request_stop();
    return stop.stop_requested();
  });
  EXPECT_TRUE(helped.get(filch::help));
}

TEST_P(own_stop_test, shutdown_now_reaches_a_task_through_the_token_of_its_own) {
  filch::scheduler& pool = make_shaped_pool();
  const std::stop_source source;
  const event started;
  auto running = pool.submit({.stop = source.get_token()}, [started](const std::stop_token& stop) {
    started.set();
    return eventually([&] { return stop.stop_requested(); });
  });
  EXPECT_TRUE(started.wait());
  const unsigned others = width() - 1;
  held_workers held(pool, others);
  auto queued = pool.submit({.stop = source.get_token()}, [] {});
  (void)pool.shutdown_now();
  EXPECT_TRUE(running.get());
  EXPECT_THROW(queued.get(), filch::task_cancelled);
  EXPECT_FALSE(source.stop_requested());
}

TEST_P(own_stop_test, a_stop_after_the_pool_has_gone_finds_nobody) {
  std::stop_source source;
  filch::scheduler& pool = make_shaped_pool();
  auto done = pool.submit({.stop = source.get_token()}, [] { return 42; });
  destroy_pool(pool);
  source.request_stop();
  EXPECT_EQ(done.get(), 42);
}

/// Tells when the last of its copies goes.
class tells_at_the_end {
 public:
  explicit tells_at_the_end(held_workers& who) : who_(&who) {}
  tells_at_the_end(tells_at_the_end&& other) noexcept : who_(std::exchange(other.who_, nullptr)) {}
  ~tells_at_the_end() {
    if (who_ != nullptr) who_->release();
  }

 private:
  held_workers* who_;
};

TEST_P(own_stop_test, the_pool_may_go_as_soon_as_a_token_has_ended_the_last_task) {
  const unsigned rounds = scaled(300 / width());
  for (unsigned round = 0; round != rounds; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    held_workers held(pool, width());
    std::stop_source source;
    auto last = pool.submit({.stop = source.get_token()}, [told = tells_at_the_end(held)] {});
    std::thread stops([&] { source.request_stop(); });
    destroy_pool(pool);
    EXPECT_THROW(last.get(), filch::task_cancelled);
    stops.join();
  }
}

TEST_P(own_stop_test, the_pool_may_go_as_soon_as_a_post_has_told_that_it_is_over) {
  const unsigned rounds = scaled(300 / width());
  for (unsigned round = 0; round != rounds; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    std::stop_source source;
    const event submits;
    const event over;
    std::thread stops([&] {
      EXPECT_TRUE(submits.wait());
      source.request_stop();
    });
    std::thread goes([&] {
      EXPECT_TRUE(over.wait());
      destroy_pool(pool);
    });
    submits.set();
    pool.post({.stop = source.get_token()}, [told = std::shared_ptr<void>(nullptr, [over](void*) { over.set(); })] {});
    stops.join();
    goes.join();
  }
}

TEST_P(own_stop_test, whoever_submits_stops_and_ends_the_pool_each_task_has_one_end) {
  const unsigned rounds = scaled(600 / width());
  for (unsigned round = 0; round != rounds; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    std::stop_source source;
    std::atomic<unsigned> ran{0};
    const event begin;
    std::vector<filch::future<void>> asked;
    std::thread submits([&] {
      EXPECT_TRUE(begin.wait());
      try {
        for (unsigned i = 0; i != 40; ++i)
          asked.push_back(pool.submit({.stop = source.get_token()}, [&] { ran.fetch_add(1); }));
      } catch (const filch::closed&) {
        return;
      }
    });
    std::thread stops([&] {
      EXPECT_TRUE(begin.wait());
      source.request_stop();
    });
    begin.set();
    if (round % 2 == 0)
      (void)pool.shutdown_now();
    else
      (void)pool.shutdown();
    submits.join();
    stops.join();
    const unsigned cancelled = cancelled_of(asked);
    EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = ran.load(), .cancelled = cancelled}));
    EXPECT_EQ(ran.load() + cancelled, asked.size());
  }
}

TEST_P(own_stop_test, tokens_stop_while_the_pool_is_told_to) {
  const unsigned rounds = scaled(400 / width());
  for (unsigned round = 0; round != rounds; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    std::stop_source source;
    std::atomic<unsigned> ran{0};
    std::vector<filch::future<void>> asked;
    for (unsigned i = 0; i != 40; ++i) asked.push_back(pool.submit({.stop = source.get_token()}, [&] { ran.fetch_add(1); }));
    std::thread stops([&] { source.request_stop(); });
    (void)pool.shutdown_now();
    stops.join();
    const unsigned cancelled = cancelled_of(asked);
    EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = ran.load(), .cancelled = cancelled}));
    EXPECT_EQ(ran.load() + cancelled, 40U);
  }
}

}  // namespace
