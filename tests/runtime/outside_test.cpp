// Tasks that end outside of a worker's loop: a thread that waits offers help, or the holder of the future cancels.
#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <filch/detail/base/pause.hpp>
#include <filch/runtime/this_worker.hpp>
#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class outside_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(outside_test);

TEST_P(outside_test, get_from_outside_never_runs_a_task_unless_it_offers_help) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  auto first = pool.submit([] { return std::this_thread::get_id(); });
  auto second = pool.submit([] { return std::this_thread::get_id(); });
  EXPECT_EQ(first.wait_for(1ms), filch::future_status::timeout);
  EXPECT_EQ(first.get(filch::help), std::this_thread::get_id());
  held.release();
  EXPECT_NE(second.get(), std::this_thread::get_id());
  EXPECT_EQ(filch::this_worker(), std::nullopt);
}

TEST_P(outside_test, help_from_outside_waits_for_a_task_that_runs_already_and_rethrows) {
  filch::scheduler& pool = make_shaped_pool();
  const event started;
  auto running = pool.submit([started] {
    started.set();
    return 42;
  });
  EXPECT_TRUE(started.wait());
  EXPECT_EQ(running.get(filch::help), 42);
  held_workers held(pool, width());
  auto failing = pool.submit([] { throw 42; });
  EXPECT_THROW(failing.get(filch::help), int);
}

TEST_P(outside_test, a_task_that_an_outsider_runs_is_a_task_of_the_pool) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::atomic<int> ran{0};
  const event closing;
  auto helped = pool.submit([&] {
    EXPECT_THROW(pool.wait_idle(), filch::would_deadlock);
    pool.shutdown();  // closes, and returns
    closing.set();
    pool.post([&] { ran.fetch_add(1); });
    (void)pool.submit([&] { ran.fetch_add(1); });
    for (auto& each : pool.submit_bulk(std::vector<int>{1, 2}, [&](int) { ran.fetch_add(1); })) each.get(filch::help);
    EXPECT_EQ(filch::this_worker(), std::nullopt);
  });
  std::thread drains([&] {
    EXPECT_TRUE(closing.wait());
    pool.shutdown();
  });
  helped.get(filch::help);
  EXPECT_THROW(pool.post([] {}), filch::closed);
  held.release();
  drains.join();
  EXPECT_EQ(ran.load(), 4);
}

TEST_P(outside_test, the_pool_may_go_as_soon_as_the_last_task_is_done_by_a_helper) {
  for (unsigned round = 0; round != scaled(1'000 / width()); ++round) {
    filch::scheduler& pool = make_shaped_pool();
    const event about_to;
    std::thread helper([&, future = pool.submit([] {})]() mutable {
      about_to.set();
      future.get(filch::help);
    });
    EXPECT_TRUE(about_to.wait());
    destroy_pool(pool);
    helper.join();
  }
}

TEST_P(outside_test, help_nests_as_deep_as_get_does_where_the_stack_ends) {
  filch::scheduler& pool = make_shaped_pool();
  std::function<unsigned(unsigned)> nest = [&](unsigned depth) -> unsigned {
    return depth == 0 ? 0 : pool.submit(std::ref(nest), depth - 1).get(filch::help) + 1;
  };
  // Each task that another worker takes costs a spare until all is over, so where there are others it is less deep.
  const unsigned depth = scaled(width() == 1 ? 60'000 : 15'000);
  EXPECT_EQ(pool.submit(std::ref(nest), depth).get(), depth);
  EXPECT_EQ(pool.submit(std::ref(nest), depth).get(filch::help), depth);
}

bool all_are_parked(filch::detail::pool_core& core) {
  unsigned parked = 0;
  for (unsigned group = 0; group != core.group_count(); ++group)
    parked += static_cast<unsigned>(std::popcount(core.word(group).parked()));
  return parked == core.worker_count();
}

TEST_P(outside_test, a_pool_is_not_at_rest_while_an_outsider_runs_its_task_though_all_workers_are_parked) {
  filch::scheduler& pool = make_shaped_pool();
  filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
  held_workers held(pool, width());
  auto helped = pool.submit([&] {
    held.release();
    EXPECT_TRUE(eventually([&] { return all_are_parked(core); }));
    return core.is_at_rest();
  });
  EXPECT_FALSE(helped.get(filch::help));
  EXPECT_TRUE(eventually([&] { return core.is_at_rest(); }));
}

TEST_P(outside_test, a_pool_with_an_entry_in_its_queue_is_not_at_rest_though_all_workers_are_parked) {
  filch::scheduler& pool = make_shaped_pool();
  filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
  filch::detail::injection_queue<filch::detail::task_node>::producer producer;
  // A worker that has parked a moment ago looks once more: when it takes the entry, all begins anew.
  const auto asked_before_anybody_took_it = [&] {
    filch::detail::task_node* left_behind = nullptr;
    {
      const held_workers held(pool, width());
      pool.submit([] {}).get(filch::help);
      EXPECT_EQ(core.injection().dequeue(&left_behind, 1), 1U);
    }
    EXPECT_TRUE(eventually([&] { return core.is_at_rest(); }));
    EXPECT_TRUE(core.injection().enqueue(producer, &left_behind, 1));
    const bool at_rest = core.is_at_rest();
    if (core.injection().dequeue(&left_behind, 1) == 0) return false;
    EXPECT_FALSE(at_rest);
    left_behind->drop_reference();
    return true;
  };
  EXPECT_TRUE(eventually(asked_before_anybody_took_it));
}

TEST_P(outside_test, a_cancelled_task_is_over_at_once_and_counted) {
  filch::scheduler& pool = make_shaped_pool();
  const auto alive = std::make_shared<int>(0);
  held_workers held(pool, width());
  auto cancelled = pool.submit([alive] { ADD_FAILURE() << "ran after it was cancelled"; });
  auto kept = pool.submit([alive] { return 42; });
  EXPECT_TRUE(cancelled.cancel());
  EXPECT_EQ(alive.use_count(), 2);
  EXPECT_TRUE(cancelled.ready());
  EXPECT_EQ(pool.metrics().outside.cancelled, 1U);
  held.release();
  EXPECT_EQ(kept.get(), 42);
  EXPECT_THROW(cancelled.get(), filch::task_cancelled);
  pool.wait_idle();
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = width() + 1, .cancelled = 1}));
}

TEST_P(outside_test, a_cancel_and_a_start_that_race_are_told_apart) {
  filch::scheduler& pool = make_shaped_pool();
  unsigned in_time = 0;
  const unsigned rounds = scaled(20'000);
  for (unsigned round = 0; round != rounds; ++round) {
    std::atomic<bool> ran{false};
    auto asked = pool.submit([&] { ran = true; });
    if (round % 4 == 0)
      for (unsigned turn = 0; turn != round % 512; ++turn) filch::detail::pause();
    if (asked.cancel()) {
      ++in_time;
      EXPECT_THROW(asked.get(), filch::task_cancelled);
      EXPECT_FALSE(ran);
    } else {
      asked.get();
      EXPECT_TRUE(ran);
    }
  }
  pool.wait_idle();
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = rounds - in_time, .cancelled = in_time}));
}

TEST_P(outside_test, a_task_may_cancel_what_it_has_submitted_here_and_elsewhere) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  const bool in_time = pool.submit([&] {
                             auto own = pool.submit([] {});
                             auto other = elsewhere.submit([] {});
                             EXPECT_TRUE(other.cancel());
                             return own.cancel();
                           }).get();
  EXPECT_TRUE(in_time || width() != 1);  // a thief may have been faster
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().total().cancelled, in_time ? 1U : 0U);
  EXPECT_EQ(elsewhere.metrics().total().cancelled, 1U);
}

TEST_P(outside_test, two_who_cancel_and_one_who_ends_the_pool_end_each_task_once) {
  constexpr unsigned tasks = 300;
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::vector<filch::future<void>> first;
  std::vector<filch::future<void>> second;
  for (unsigned i = 0; i != tasks; ++i)
    (i % 2 == 0 ? first : second).push_back(pool.submit([] { ADD_FAILURE() << "ran after the pool was stopped"; }));
  const event all_queued;
  const auto cancel_all = [all_queued](std::vector<filch::future<void>>& futures) {
    EXPECT_TRUE(all_queued.wait());
    for (auto& each : futures) (void)each.cancel();
  };
  std::thread one([&] { cancel_all(first); });
  std::thread two([&] { cancel_all(second); });
  all_queued.set();
  pool.shutdown_now();
  one.join();
  two.join();
  for (auto* const futures : {&first, &second})
    for (auto& each : *futures) EXPECT_THROW(each.get(), filch::task_cancelled);
  held.release();
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = width(), .cancelled = tasks}));
}

/// Waits where it ends.
class slow_to_go {
 public:
  slow_to_go(event going, event may_go) : going_(std::move(going)), may_go_(std::move(may_go)) {}
  slow_to_go(slow_to_go&& other) noexcept : going_(other.going_), may_go_(other.may_go_), armed_(std::exchange(other.armed_, false)) {}
  ~slow_to_go() {
    if (!armed_) return;
    going_.set();
    EXPECT_TRUE(may_go_.wait());
  }

 private:
  event going_;
  event may_go_;
  bool armed_ = true;
};

TEST_P(outside_test, a_pool_is_idle_when_the_captures_of_the_last_cancelled_task_have_gone_and_not_before) {
  filch::scheduler& pool = make_shaped_pool();
  const event going;
  const event may_go;
  held_workers held(pool, width());
  auto last = pool.submit([capture = slow_to_go(going, may_go)] {});
  std::thread canceller([&] { EXPECT_TRUE(last.cancel()); });
  EXPECT_TRUE(going.wait());
  held.release();
  std::atomic<bool> idle{false};
  std::thread waits([&] {
    pool.wait_idle();
    idle = true;
  });
  EXPECT_TRUE(eventually([&] { return all_are_parked(filch::detail::scheduler_access::core(pool)); }));
  EXPECT_FALSE(idle);
  EXPECT_FALSE(last.ready());
  may_go.set();
  waits.join();
  canceller.join();
  EXPECT_TRUE(last.ready());
}

TEST_P(outside_test, the_pool_may_go_as_soon_as_the_last_task_is_cancelled) {
  unsigned in_time = 0;
  const unsigned rounds = scaled(1'000 / width());
  for (unsigned round = 0; round != rounds; ++round) {
    filch::scheduler& pool = make_shaped_pool();
    held_workers held(pool, width());
    std::thread canceller([&, future = pool.submit([] {})]() mutable {
      in_time += future.cancel() ? 1 : 0;
      held.release();
    });
    destroy_pool(pool);
    canceller.join();
  }
  EXPECT_EQ(in_time, rounds);
}

/// Holds the future of the very task that it is a capture of.
struct keeper_of_its_own_future {
  filch::future<void> own;
};

TEST_P(outside_test, a_capture_may_take_the_future_along_that_cancels_it) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  auto keeper = std::make_shared<keeper_of_its_own_future>();
  keeper_of_its_own_future& kept = *keeper;
  kept.own = pool.submit([keeper] { (void)keeper; });
  keeper.reset();
  EXPECT_TRUE(kept.own.cancel());
  held.release();
  pool.wait_idle();
}

/// Holds the future of the very task that it is a capture of and, where it ends, has the task's entry in the queue dropped too.
class takes_everything_along {
 public:
  takes_everything_along(held_workers& held, filch::detail::pool_core& core) : held_(held), core_(core) {}
  ~takes_everything_along() {
    own = {};
    held_.release();
    EXPECT_TRUE(eventually([&] { return all_are_parked(core_) && !core_.work_visible(); }));
  }
  filch::future<void> own;

 private:
  held_workers& held_;
  filch::detail::pool_core& core_;
};

TEST_P(outside_test, nor_does_it_matter_that_nobody_else_holds_the_task_then) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  auto taker = std::make_shared<takes_everything_along>(held, filch::detail::scheduler_access::core(pool));
  takes_everything_along& kept = *taker;
  kept.own = pool.submit([taker] { (void)taker; });
  taker.reset();
  EXPECT_TRUE(kept.own.cancel());
  pool.wait_idle();
}

TEST_P(outside_test, nor_where_a_stop_token_cancels) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::stop_source source;
  auto taker = std::make_shared<takes_everything_along>(held, filch::detail::scheduler_access::core(pool));
  takes_everything_along& kept = *taker;
  kept.own = pool.submit({.stop = source.get_token()}, [taker] { (void)taker; });
  taker.reset();
  source.request_stop();
  pool.wait_idle();
}

}  // namespace
