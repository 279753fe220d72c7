// Priorities: what is urgent comes first, what has time comes last, and nobody waits for ever.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <filch/runtime/this_worker.hpp>
#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

using filch::priority;

const filch::task_options high{.priority = priority::high};
const filch::task_options low{.priority = priority::low};

/// What a worker that goes on running tasks runs at most before it visits each priority: 61 looks, four ways to look.
constexpr unsigned most_between_visits = 4 * 61;

class lanes_test : public shaped_pool_test {
 protected:
  filch::scheduler& make_pool_of_one() {
    filch::scheduler_options options = shape();
    options.workers = 1;
    return make_pool(std::move(options));
  }
};
INSTANTIATE_POOL_SHAPES(lanes_test);

/// How many before the last `wanted` are not.
std::ptrdiff_t strangers_before_the_last(const std::vector<int>& order, int wanted) {
  std::ptrdiff_t strangers = 0;
  std::ptrdiff_t before_the_last = 0;
  for (const int each : order) {
    if (each == wanted)
      before_the_last = strangers;
    else
      ++strangers;
  }
  return before_the_last;
}

TEST_P(lanes_test, an_urgent_task_overtakes_what_is_queued_from_outside) {
  filch::scheduler& pool = make_pool_of_one();
  std::vector<int> order;
  {
    const held_workers held(pool, 1);
    for (int i = 0; i != 20; ++i) pool.post([&] { order.push_back(0); });
    for (int i = 0; i != 5; ++i) pool.post(high, [&] { order.push_back(1); });
  }
  pool.wait_idle();
  EXPECT_EQ(order.size(), 25U);
  EXPECT_LE(strangers_before_the_last(order, 1), 1) << "a fair turn; " << testing::PrintToString(order);
}

TEST_P(lanes_test, an_urgent_task_overtakes_what_its_own_worker_has_queued) {
  filch::scheduler& pool = make_pool_of_one();
  std::vector<int> order;
  pool.submit([&] {
        for (int i = 0; i != 20; ++i) pool.post([&] { order.push_back(0); });
        for (int i = 0; i != 5; ++i) pool.post(high, [&] { order.push_back(1); });
      }).get();
  pool.wait_idle();
  EXPECT_EQ(order.size(), 25U);
  EXPECT_LE(strangers_before_the_last(order, 1), 1) << testing::PrintToString(order);
}

TEST_P(lanes_test, a_task_that_has_time_comes_when_there_is_nothing_else) {
  filch::scheduler& pool = make_pool_of_one();
  std::vector<int> order;
  {
    const held_workers held(pool, 1);
    for (int i = 0; i != 5; ++i) pool.post(low, [&] { order.push_back(0); });
    pool.post([&] {
      for (int i = 0; i != 10; ++i) pool.post([&] { order.push_back(1); });
    });
    for (int i = 0; i != 10; ++i) pool.post([&] { order.push_back(1); });
  }
  pool.wait_idle();
  EXPECT_EQ(order.size(), 25U);
  EXPECT_LE(strangers_before_the_last(order, 1), 1) << testing::PrintToString(order);
}

/// A task that submits itself again, with the same priority, and counts its runs until each of the others has run, or for long
/// enough.
class greedy {
 public:
  greedy(filch::scheduler& pool, filch::task_options options) : pool_(pool), options_(options) {}
  void start() { pool_.post(options_, [this] { run(); }); }
  void expect(unsigned others) { left_ = others; }
  /// In one of the others: how often this has run before it.
  void note() {
    most_ = runs_;
    --left_;
  }
  [[nodiscard]] unsigned most() const { return most_; }

 private:
  void run() {
    ++runs_;
    if (left_ != 0 && runs_ != 100 * most_between_visits) start();
  }
  filch::scheduler& pool_;
  const filch::task_options options_;
  unsigned runs_ = 0;  // all on one worker
  unsigned left_ = 0;
  unsigned most_ = 0;
};

TEST_P(lanes_test, urgent_tasks_without_end_let_each_other_priority_in_within_the_stated_number) {
  filch::scheduler& pool = make_pool_of_one();
  greedy urgent(pool, high);
  const event started;
  const event queued;
  pool.post([&, started, queued] {
    started.set();
    EXPECT_TRUE(queued.wait());
    urgent.expect(3);
    pool.post([&] { urgent.note(); });       // the oldest of its own
    pool.post(low, [&] { urgent.note(); });  // what has time
    urgent.start();
  });
  EXPECT_TRUE(started.wait());        // else it would come along in one batch
  pool.post([&] { urgent.note(); });  // from outside
  queued.set();
  pool.wait_idle();
  EXPECT_LE(urgent.most(), most_between_visits);
}

TEST_P(lanes_test, normal_tasks_without_end_let_one_that_has_time_in_within_the_stated_number) {
  filch::scheduler& pool = make_pool_of_one();
  greedy normal(pool, {});
  pool.submit([&] {
        normal.expect(1);
        pool.post(low, [&] { normal.note(); });
        normal.start();
      }).get();
  pool.wait_idle();
  EXPECT_LE(normal.most(), most_between_visits);
}

TEST_P(lanes_test, cancelled_tasks_use_up_no_visit) {
  filch::scheduler& pool = make_pool_of_one();
  greedy normal(pool, {});
  pool.submit([&] {
        normal.expect(1);
        for (int i = 0; i != 20; ++i) EXPECT_TRUE(pool.submit(low, [] {}).cancel());
        pool.post(low, [&] { normal.note(); });
        normal.start();
      }).get();
  pool.wait_idle();
  EXPECT_LE(normal.most(), most_between_visits);
}

TEST_P(lanes_test, more_cancelled_tasks_than_are_visited_do_not_fill_the_memory) {
  filch::scheduler& pool = make_pool_of_one();
  std::atomic<bool> enough{false};
  std::function<void()> again = [&] {
    if (!enough) pool.post(again);
  };
  pool.post(again);
  for (unsigned i = 0; i != 4'000; ++i) (void)pool.submit(low, [] {}).cancel();
  EXPECT_TRUE(eventually([&] { return pool.metrics().waiting.low == 0; })) << "32 a visit, while there is always something else";
  enough = true;
  pool.wait_idle();
}

TEST_P(lanes_test, other_than_normal_tasks_never_lie_in_a_deque) {
  filch::scheduler& pool = make_shaped_pool();
  std::optional<held_workers> others;
  if (width() != 1) others.emplace(pool, width() - 1);
  pool.submit([&] {
        pool.post(high, [] {});
        pool.post(low, [] {});
        for (auto& each : pool.submit_bulk(low, std::vector<int>(100), [](int) {})) (void)each.ready();
        filch::detail::worker& own = *filch::detail::scheduler_access::core(pool).worker_at(*filch::this_worker());
        EXPECT_FALSE(own.thief().has_work());
        const filch::waiting_tasks waiting = pool.metrics().waiting;
        EXPECT_EQ(waiting.high, 1U);
        EXPECT_EQ(waiting.normal, 0U);
        EXPECT_EQ(waiting.low, 101U);
      }).get();
  others.reset();
  pool.wait_idle();
  const filch::waiting_tasks none = pool.metrics().waiting;
  EXPECT_EQ(none.high + none.normal + none.low, 0U);
}

TEST_P(lanes_test, every_kind_of_submission_has_priorities) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  held_workers held(pool, width());
  const std::vector<int> inputs{1, 2, 3};
  auto one = pool.submit(high, [&](int i) { return ran += i; }, 1);
  auto normal = pool.submit(filch::task_options{}, [&] { return ++ran; });
  auto many = pool.submit_bulk(low, inputs, [&](int i) {
    ++ran;
    return i;
  });
  pool.post(low, [&](int i) { ran += i; }, 1);
  pool.post_bulk(high, inputs, [&](int) { ++ran; });
  pool.post_bulk(low, std::vector<int>{}, [](int) {});
  EXPECT_TRUE(pool.submit_bulk(high, std::vector<int>{}, [](int) {}).empty());
  const filch::waiting_tasks waiting = pool.metrics().waiting;
  EXPECT_EQ(waiting.high, 4U);
  EXPECT_EQ(waiting.normal, 1U);
  EXPECT_EQ(waiting.low, 4U);
  held.release();
  for (std::size_t i = 0; i != many.size(); ++i) EXPECT_EQ(many[i].get(), inputs[i]);
  one.get();
  normal.get();
  pool.wait_idle();
  EXPECT_EQ(ran.load(), 9);
}

TEST_P(lanes_test, rounds_of_one_task_wake_a_parked_worker_whatever_the_priority) {
  filch::scheduler& pool = make_shaped_pool();
  for (unsigned round = 0; round != scaled(2'000); ++round)
    EXPECT_EQ(pool.submit(round % 2 == 0 ? high : low, [round] { return round; }).get(), round);
}

TEST_P(lanes_test, a_task_that_has_time_runs_beside_a_long_one) {
  if (width() == 1) return;
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(pool.submit([&] {
                  const event ran;
                  pool.post(low, [ran] { ran.set(); });
                  return ran.wait();  // without leaving the worker
                }).get(),
            true);
}

TEST_P(lanes_test, get_runs_an_awaited_task_in_place_whatever_its_priority) {
  filch::scheduler& pool = make_pool_of_one();
  EXPECT_EQ(pool.submit([&] {
                  auto unhurried = pool.submit(low, [] { return filch::this_worker(); });
                  pool.post([] {});
                  return unhurried.get() == filch::this_worker();
                }).get(),
            true);
}

/// A pool of which one worker is free, so that nobody comes by what that one leaves in the lanes.
class busy_lanes_test : public shaped_pool_test {
 protected:
  static constexpr unsigned capacity = 64;

  /// What waits at most while a task of the pool runs `round` again and again.
  std::size_t most_after(unsigned rounds, const std::function<void(filch::scheduler&, unsigned)>& before_and_round) {
    filch::scheduler_options options = shape();
    options.deque_capacity = capacity;
    filch::scheduler& pool = make_pool(std::move(options));
    std::optional<held_workers> others;
    if (width() != 1) others.emplace(pool, width() - 1);
    std::size_t most = 0;
    pool.submit([&] {
          for (unsigned i = 0; i != rounds; ++i) {
            before_and_round(pool, i);
            const filch::waiting_tasks waiting = pool.metrics().waiting;
            most = std::max(most, waiting.high + waiting.low);
          }
        }).get();
    return most;
  }
};
INSTANTIATE_POOL_SHAPES(busy_lanes_test);

TEST_P(busy_lanes_test, a_task_that_submits_and_awaits_urgent_ones_for_ever_leaves_no_growing_lane_behind) {
  EXPECT_LT(most_after(scaled(50'000),
                       [](filch::scheduler& pool, unsigned i) {
                         EXPECT_EQ(pool.submit(i % 2 == 0 ? high : low, [i] { return i; }).get(), i);
                       }),
            4 * capacity);
}

TEST_P(busy_lanes_test, nor_does_it_when_its_deque_is_full) {
  for (const unsigned queued : {capacity - 3, capacity}) {
    EXPECT_LT(most_after(scaled(20'000),
                         [queued](filch::scheduler& pool, unsigned i) {
                           if (i == 0)
                             for (unsigned n = 0; n != queued; ++n) pool.post([] {});
                           pool.submit(high, [] {}).get();
                         }),
              4 * capacity)
        << queued;
  }
}

TEST_P(busy_lanes_test, nor_with_more_at_once_than_a_deque_holds) {
  EXPECT_LT(most_after(scaled(1'000),
                       [](filch::scheduler& pool, unsigned) {
                         for (auto& each : pool.submit_bulk(low, std::vector<int>(3 * capacity), [](int) {})) each.get();
                       }),
            8 * capacity);
}

TEST_P(lanes_test, shutdown_runs_what_waits_in_the_lanes_and_shutdown_now_cancels_it) {
  for (const bool now : {false, true}) {
    filch::scheduler& pool = make_shaped_pool();
    const auto alive = std::make_shared<int>(0);
    std::atomic<unsigned> ran{0};
    std::vector<filch::future<void>> futures;
    held_workers held(pool, width());
    for (int i = 0; i != 50; ++i) futures.push_back(pool.submit(i % 2 == 0 ? high : low, [alive, &ran] { ++ran; }));
    for (int i = 0; i != 50; ++i) pool.post(i % 2 == 0 ? high : low, [alive, &ran] { ++ran; });
    if (now) {
      EXPECT_EQ(pool.shutdown_now(), (filch::shutdown_counts{.finished = 0, .cancelled = 100, .running = width()}));
      EXPECT_EQ(alive.use_count(), 1);
      for (auto& each : futures) EXPECT_THROW(each.get(), filch::task_cancelled);
      EXPECT_THROW(pool.post(high, [] {}), filch::closed);
    }
    held.release();
    EXPECT_EQ(pool.shutdown(), now ? (filch::shutdown_counts{.finished = width(), .cancelled = 100})
                                   : (filch::shutdown_counts{.finished = width() + 100}));
    EXPECT_EQ(ran.load(), now ? 0U : 100U);
  }
}

// No worker is left to come by.
TEST_P(lanes_test, what_lies_in_a_lane_when_all_workers_have_gone_is_dropped_with_the_pool) {
  filch::scheduler& pool = make_shaped_pool();
  filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
  filch::detail::task_node* entries[2] = {};
  {
    const held_workers held(pool, width());
    for (const filch::task_options& options : {high, low}) {
      EXPECT_TRUE(pool.submit(options, [] {}).cancel());
      EXPECT_EQ(core.lane(options.priority).dequeue(&entries[options.priority == priority::high ? 0 : 1], std::size_t{1}), 1U);
    }
  }
  pool.shutdown();
  filch::detail::task_lane::producer producers[2];
  EXPECT_TRUE(core.lane(priority::high).enqueue(producers[0], &entries[0], 1));
  EXPECT_TRUE(core.lane(priority::low).enqueue(producers[1], &entries[1], 1));
  destroy_pool(pool);  // the fixture counts the blocks
}

TEST_P(lanes_test, a_priority_that_there_is_not_is_refused) {
  filch::scheduler& pool = make_shaped_pool();
  const filch::task_options none{.priority = static_cast<priority>(7)};
  EXPECT_THROW((void)pool.submit(none, [] {}), std::invalid_argument);
  EXPECT_THROW(pool.post(none, [] {}), std::invalid_argument);
  EXPECT_THROW(pool.post_bulk(none, std::vector<int>{}, [](int) {}), std::invalid_argument);
  EXPECT_THROW(pool.submit([&] { pool.post(none, [] {}); }).get(), std::invalid_argument);
  std::function<void()> empty;
  EXPECT_THROW((void)pool.submit(high, empty), std::invalid_argument);
}

}  // namespace
