// Which task is next: the newest own one, and never so that another waits for ever.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <vector>

#include <filch/runtime/this_worker.hpp>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class find_task_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(find_task_test);

/// A task that submits itself again until it is told to stop, on as many workers as it is started.
class self_resubmitting {
 public:
  explicit self_resubmitting(filch::scheduler& pool) : pool_(pool) {}

  void start() { pool_.post([this] { run(); }); }
  void stop() { stopped_ = true; }
  [[nodiscard]] unsigned runs() const { return runs_.load(); }

 private:
  void run() {
    runs_.fetch_add(1);
    if (!stopped_) pool_.post([this] { run(); });
  }
  filch::scheduler& pool_;
  std::atomic<bool> stopped_{false};
  std::atomic<unsigned> runs_{0};
};

TEST_P(find_task_test, tasks_that_resubmit_themselves_do_not_starve_what_comes_from_outside) {
  filch::scheduler& pool = make_shaped_pool();
  self_resubmitting greedy(pool);
  for (unsigned i = 0; i != width(); ++i) greedy.start();
  EXPECT_TRUE(eventually([&] { return greedy.runs() > 1'000; }));
  for (int round = 0; round != 50; ++round) EXPECT_EQ(pool.submit([] {}).wait_for(watchdog), filch::future_status::ready);
  greedy.stop();
  pool.wait_idle();
}

TEST_P(find_task_test, a_task_that_resubmits_itself_does_not_starve_older_tasks_of_its_own_worker) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  filch::scheduler& pool = make_pool(std::move(options));
  self_resubmitting greedy(pool);
  std::atomic<int> older{0};
  unsigned runs_before_all_ran = 0;
  pool.post([&] {
    for (int i = 0; i != 10; ++i)
      pool.post([&] {
        if (older.fetch_add(1) == 9) runs_before_all_ran = greedy.runs();
      });
    greedy.start();
  });
  EXPECT_TRUE(eventually([&] { return older.load() == 10; }));
  greedy.stop();
  pool.wait_idle();
  EXPECT_LE(runs_before_all_ran, 10U * 4 * 61) << "every 61st look, in turn here, at the injection queue, at other workers and at what has time";
}

TEST_P(find_task_test, a_spare_that_is_one_too_many_keeps_nothing_for_itself) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  filch::scheduler& pool = make_pool(std::move(options));
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  self_resubmitting on_the_worker(pool);
  self_resubmitting on_the_spare(pool);
  const event back;
  const event older_ran;
  auto blocked = pool.submit([&] {
    elsewhere.submit([] {}).get();
    on_the_worker.start();  // from here on the worker has always something of its own
    back.set();
  });
  pool.post([&, older_ran] {  // on the spare
    far.release();
    EXPECT_TRUE(back.wait());
    pool.post([older_ran] { older_ran.set(); });
    on_the_spare.start();
  });
  EXPECT_TRUE(older_ran.wait());
  EXPECT_TRUE(eventually([&] { return pool.metrics().spares_in_use == 0; }));
  on_the_worker.stop();
  on_the_spare.stop();
  blocked.get();
  pool.wait_idle();
}

TEST_P(find_task_test, an_injected_task_waits_for_a_bounded_number_of_others) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  filch::scheduler& pool = make_pool(std::move(options));
  self_resubmitting greedy(pool);
  const event queued;
  unsigned runs_before = 0;
  pool.post([&, queued] {
    EXPECT_TRUE(queued.wait());
    greedy.start();
  });
  auto injected = pool.submit([&] { runs_before = greedy.runs(); });
  queued.set();
  EXPECT_EQ(injected.wait_for(watchdog), filch::future_status::ready);
  greedy.stop();
  pool.wait_idle();
  EXPECT_LE(runs_before, 4U * 61);
}

/// How often a sequence turns round. A fair turn may bring one task forward.
template <class Before>
long turns(const std::vector<int>& order, Before before) {
  long count = 0;
  for (std::size_t i = 1; i < order.size(); ++i) count += before(order[i - 1], order[i]) ? 0 : 1;
  return count;
}

TEST_P(find_task_test, a_worker_runs_its_newest_task_first_and_injected_ones_in_their_order) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  filch::scheduler& pool = make_pool(std::move(options));
  std::vector<int> order;
  pool.submit([&] {
        for (int i = 0; i != 10; ++i) pool.post([&order, i] { order.push_back(i); });
      }).get();
  pool.wait_idle();
  EXPECT_EQ(order.size(), 10U);
  EXPECT_LE(turns(order, std::greater<>()), 1) << testing::PrintToString(order);
  order.clear();
  {
    const held_workers held(pool, 1);
    for (int i = 0; i != 10; ++i) pool.post([&order, i] { order.push_back(i); });
  }
  pool.wait_idle();
  EXPECT_EQ(order.size(), 10U);
  EXPECT_LE(turns(order, std::less<>()), 1) << testing::PrintToString(order);
}

TEST_P(find_task_test, tasks_behind_a_long_one_are_taken_by_the_other_workers) {
  if (width() == 1) return;
  filch::scheduler& pool = make_shaped_pool();
  const event all_ran;
  std::atomic<int> ran{0};
  pool.submit([&, all_ran] {
        for (int i = 0; i != 100; ++i)
          pool.post([&, all_ran] {
            if (ran.fetch_add(1) == 99) all_ran.set();
          });
        EXPECT_TRUE(all_ran.wait());  // without leaving the worker
      }).get();
  const filch::worker_metrics total = pool.metrics().total();
  EXPECT_GE(total.stolen, 100U);
  EXPECT_GE(total.steal_attempts, total.stolen + total.lost);
}

TEST_P(find_task_test, tasks_behind_a_long_one_are_taken_also_by_workers_that_always_have_some_of_their_own) {
  if (width() == 1) return;
  filch::scheduler& pool = make_shaped_pool();
  self_resubmitting greedy(pool);
  const event start;
  const event ran;
  auto long_one = pool.submit([&, start, ran] {
    EXPECT_TRUE(start.wait());
    pool.post([ran] { ran.set(); });
    EXPECT_TRUE(ran.wait());  // without leaving the worker
  });
  for (unsigned i = 1; i != width(); ++i) greedy.start();
  EXPECT_TRUE(eventually([&] { return greedy.runs() > 10'000; }));
  start.set();
  EXPECT_EQ(long_one.wait_for(watchdog), filch::future_status::ready);
  greedy.stop();
  pool.wait_idle();
}

// Two workers always find something with each other, and it is not with them that the oldest task waits.
TEST_P(find_task_test, what_lies_behind_a_long_task_is_found_although_nearer_workers_always_have_some) {
  filch::scheduler_options options = shape();
  options.workers = 3;
  filch::scheduler& pool = make_pool(std::move(options));
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  self_resubmitting greedy(pool);
  const event ran;
  auto blocked = pool.submit([&] { elsewhere.submit([] {}).get(); });
  EXPECT_TRUE(eventually([&] { return pool.metrics().spares_in_use == 1; }));
  unsigned found_after = 0;
  std::vector<filch::future<void>> hold;
  std::atomic<unsigned> inside{0};
  std::atomic<unsigned> greedy_workers{0};
  const event go;
  // Each of the two workers and the spare is inside one of these; one that is on the spare keeps a task behind it.
  for (int i = 0; i != 3; ++i)
    hold.push_back(pool.submit([&, go, ran] {
      ++inside;
      EXPECT_TRUE(go.wait());
      if (*filch::this_worker() >= 3) {
        EXPECT_TRUE(eventually([&] { return greedy_workers.load() == 2; }));
        pool.post([&, ran] {
          found_after = greedy.runs();
          ran.set();
        });
        const unsigned posted_after = greedy.runs();
        EXPECT_TRUE(ran.wait());  // without leaving the spare
        EXPECT_LT(found_after, posted_after + 10'000) << "each of the two comes by once in 4 * 61 * 4 looks";
      } else {
        for (int n = 0; n != 50; ++n) greedy.start();
        ++greedy_workers;
      }
    }));
  EXPECT_TRUE(eventually([&] { return inside.load() == 3; }));
  go.set();
  for (auto& each : hold) EXPECT_EQ(each.wait_for(watchdog), filch::future_status::ready);
  greedy.stop();
  EXPECT_NE(found_after, 0U);
  far.release();
  blocked.get();
  pool.wait_idle();
}

TEST_P(find_task_test, a_batch_in_the_hands_of_a_worker_that_runs_a_long_task_is_within_reach) {
  if (width() == 1) return;
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  const event all_ran;
  {
    // The first worker that is free takes several of these at once; its first task waits for all others.
    const held_workers held(pool, width());
    pool.post([all_ran] { EXPECT_TRUE(all_ran.wait()); });
    for (int i = 0; i != 40; ++i)
      pool.post([&, all_ran] {
        if (ran.fetch_add(1) == 39) all_ran.set();
      });
  }
  EXPECT_TRUE(eventually([&] { return ran.load() == 40; }));
  pool.wait_idle();
}

}  // namespace
