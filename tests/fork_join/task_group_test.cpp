// task_group: that its tasks run, that wait() waits for all of them and runs no stranger, and in what company groups live.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <stdexcept>
#include <thread>
#include <vector>

#include <filch/filch.hpp>

#include "fork_join/task_group_fixture.hpp"

namespace {

using namespace filch_tests;
using filch::group_outcome;
using filch::task_group;

class task_group_test : public group_test {};
INSTANTIATE_POOL_SHAPES(task_group_test);

TEST_P(task_group_test, runs_every_task_and_what_they_have_written_is_seen_after_the_wait) {
  in_task([] {
    std::vector<int> values(1000, -1);
    task_group group;
    for (int i = 0; int& each : values) {
      group.run([&each, i] { each = i; });
      ++i;
    }
    EXPECT_EQ(group.wait(), group_outcome::complete);
    for (int i = 0; const int each : values) EXPECT_EQ(each, i++);
  });
}

TEST_P(task_group_test, a_wait_with_nothing_to_wait_for_returns) {
  in_task([] {
    task_group group;
    EXPECT_EQ(group.wait(), group_outcome::complete);
    EXPECT_EQ(group.wait(), group_outcome::complete);
  });
}

TEST_P(task_group_test, calls_decayed_copies_as_rvalues) {
  struct one_shot {
    std::unique_ptr<int> factor;
    void operator()(std::unique_ptr<int>&& number, std::string&& word, const char*, std::string& out) && {
      out = word + std::to_string(*factor * *number);
    }
  };
  in_task([] {
    std::string word = "twice ";
    std::string out;
    task_group group;
    group.run(one_shot{std::make_unique<int>(2)}, std::make_unique<int>(21), word, "array", std::ref(out));
    word = "changed";
    group.wait();
    EXPECT_EQ(out, "twice 42");
  });
}

TEST_P(task_group_test, a_wait_for_a_stolen_task_sleeps_until_that_has_ended) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to steal";
  filch::scheduler& pool = make_shaped_pool();
  pool.submit([&] {
        const event stolen;
        bool ended = false;
        task_group group;
        group.run([&] {
          stolen.set();
          EXPECT_TRUE(eventually([&] { return waits_asleep(pool) != 0; }));
          ended = true;
        });
        EXPECT_TRUE(stolen.wait());
        EXPECT_EQ(group.wait(), group_outcome::complete);
        EXPECT_TRUE(ended);
      }).get();
}

TEST_P(task_group_test, nests_to_any_depth) { EXPECT_EQ(in_task([] { return fib_of_groups(20); }), 6765); }

TEST_P(task_group_test, its_tasks_may_add_others) {
  in_task([] {
    std::atomic<int> leaves{0};
    task_group group;
    for (int round = 0; round != 20; ++round) {
      leaves = 0;
      grow_leaves(group, leaves, 9);
      EXPECT_EQ(group.wait(), group_outcome::complete);
      EXPECT_EQ(leaves.load(), 512);
    }
  });
}

TEST_P(task_group_test, a_stolen_task_may_add_others) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to steal";
  filch::scheduler& pool = make_shaped_pool();
  pool.submit([&] {
        const event stolen;
        std::atomic<int> leaves{0};
        task_group group;
        group.run([&] {
          stolen.set();
          EXPECT_TRUE(eventually([&] { return waits_asleep(pool) != 0; }));
          grow_leaves(group, leaves, 9);
        });
        EXPECT_TRUE(stolen.wait());
        EXPECT_EQ(group.wait(), group_outcome::complete);
        EXPECT_EQ(leaves.load(), 512);
      }).get();
}

TEST_P(task_group_test, may_be_used_again_after_each_wait) {
  in_task([] {
    task_group group;
    std::atomic<int> ran{0};
    for (int phase = 0; phase != 100; ++phase) {
      ran = 0;
      for (int i = 0; i != phase; ++i) group.run([&] { ran.fetch_add(1); });
      EXPECT_EQ(group.wait(), group_outcome::complete);
      EXPECT_EQ(ran.load(), phase);
    }
  });
}

TEST_P(task_group_test, the_destructor_waits) {
  filch::scheduler& pool = make_shaped_pool();
  for (unsigned round = 0; round != scaled(100); ++round) {
    std::atomic<int> ran{0};
    const auto count_fifty = [&](task_group& group) {
      for (int i = 0; i != 50; ++i) group.run([&] { ran.fetch_add(1); });
    };
    {
      task_group group(pool);
      count_fifty(group);
    }
    ASSERT_EQ(ran.load(), 50);
    pool.submit([&] {
          {
            task_group group;
            count_fifty(group);
          }
          EXPECT_EQ(ran.load(), 100);
        }).get();
  }
}

TEST_P(task_group_test, works_from_outside_with_a_pool) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> on_workers{0};
  const auto count = [&] { on_workers.fetch_add(filch::this_worker().has_value() ? 1 : 0); };
  task_group group(pool);
  task_group other(pool.executor());
  for (int i = 0; i != 1000; ++i) {
    group.run(count);
    other.run(count);
  }
  EXPECT_EQ(group.wait(), group_outcome::complete);
  EXPECT_EQ(other.wait(), group_outcome::complete);
  EXPECT_EQ(on_workers.load(), 2000);
}

TEST_P(task_group_test, tasks_may_be_added_from_many_threads) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> leaves{0};
  task_group group(pool);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i != 4; ++i)
      threads.emplace_back([&] {
        for (int round = 0; round != 100; ++round) group.run([&] { grow_leaves(group, leaves, 3); });
      });
  }
  EXPECT_EQ(group.wait(), group_outcome::complete);
  EXPECT_EQ(leaves.load(), 3200);
}

TEST_P(task_group_test, says_what_to_do_where_there_is_no_pool) {
  EXPECT_NE(thrown_by([] { task_group group; }).find("task_group group(pool)"), std::string::npos);
  EXPECT_THROW(task_group group, filch::no_pool);
}

TEST_P(task_group_test, a_task_that_a_helper_runs_may_make_one) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  auto task = pool.submit([&] {
    EXPECT_FALSE(filch::this_worker().has_value());
    long number = 0;
    task_group group;
    group.run([&] {
      EXPECT_TRUE(filch::this_worker().has_value());
      number = fib_of_groups(10);
    });
    held.release();
    EXPECT_EQ(group.wait(), group_outcome::complete);
    return number;
  });
  EXPECT_EQ(task.get(filch::help), 55);
}

TEST_P(task_group_test, jobs_and_calls_of_a_series_may_make_one) {
  filch::scheduler& pool = make_shaped_pool();
  const auto counted = [] {
    std::atomic<int> ran{0};
    filch::task_group group;
    for (int i = 0; i != 10; ++i) group.run([&ran] { ++ran; });
    group.wait();
    return ran.load();
  };
  EXPECT_EQ(filch::submit(pool, {.retry = {.attempts = 2}}, counted).get(), 10);
  std::atomic<int> in_series{0};
  auto series = filch::submit_every(pool, std::chrono::milliseconds(1), [&] {
    in_series = counted();
    throw std::runtime_error("enough");
  });
  EXPECT_THROW(series.get(), std::runtime_error);
  EXPECT_EQ(in_series, 10);
}

TEST_P(task_group_test, a_worker_may_wait_for_tasks_of_another_pool_and_of_its_own) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& other = make_shaped_pool();
  pool.submit([&] {
        std::atomic<int> leaves{0};
        task_group there(other);
        task_group here(pool);
        grow_leaves(there, leaves, 6);
        grow_leaves(here, leaves, 6);
        EXPECT_EQ(there.wait(), group_outcome::complete);
        EXPECT_EQ(here.wait(), group_outcome::complete);
        EXPECT_EQ(leaves.load(), 128);
      }).get();
}

TEST_P(task_group_test, a_wait_runs_nothing_that_was_posted_meanwhile) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<std::thread::id> waiting{};
  std::atomic<int> strangers{0};
  std::atomic<int> robbed{0};
  std::atomic<int> ran{0};
  const auto post_stranger = [&] {
    pool.post([&] {
      if (waiting.load() == std::this_thread::get_id()) robbed.fetch_add(1);
      strangers.fetch_add(1);
    });
  };
  pool.submit([&] {
        task_group group;
        for (int i = 0; i != 100; ++i) {
          group.run([&] {
            ran.fetch_add(1);
            post_stranger();
          });
          post_stranger();
        }
        waiting = std::this_thread::get_id();
        EXPECT_EQ(group.wait(), group_outcome::complete);
        waiting = std::thread::id();
        EXPECT_EQ(ran.load(), 100);
        if (width() == 1) {
          EXPECT_EQ(strangers.load(), 0);
        }
      }).get();
  pool.wait_idle();
  EXPECT_EQ(robbed.load(), 0);
  EXPECT_EQ(strangers.load(), 200);
}

TEST_P(task_group_test, a_wait_for_an_inner_group_runs_nothing_of_an_outer_one) {
  if (width() != 1) GTEST_SKIP() << "thieves would run it";
  in_task([] {
    int outer_ran = 0;
    int inner_ran = 0;
    task_group outer;
    for (int i = 0; i != 10; ++i) outer.run([&] { ++outer_ran; });
    task_group inner;
    for (int i = 0; i != 10; ++i) {
      inner.run([&] { ++inner_ran; });
      outer.run([&] { ++outer_ran; });
    }
    inner.wait();
    EXPECT_EQ(inner_ran, 10);
    EXPECT_EQ(outer_ran, 0);
    outer.wait();
    EXPECT_EQ(outer_ran, 20);
  });
}

// From the deque the newest comes out first, from where spilled tasks go the oldest.
TEST_P(task_group_test, tasks_that_are_older_than_the_group_stay_in_the_deque) {
  if (width() != 1) GTEST_SKIP() << "thieves would take them";
  filch::scheduler& pool = make_shaped_pool();
  std::vector<int> order;
  pool.submit([&] {
        for (int i = 0; i != 4; ++i) pool.post([&, i] { order.push_back(i); });
        task_group group;
        for (int i = 0; i != 2; ++i) group.run([] {});
        group.wait();
        EXPECT_TRUE(order.empty());
      }).get();
  pool.wait_idle();
  EXPECT_EQ(order, (std::vector<int>{3, 2, 1, 0}));
}

TEST_P(task_group_test, what_lies_between_its_tasks_runs_later_the_oldest_first) {
  if (width() != 1) GTEST_SKIP() << "one task at a time has an order";
  filch::scheduler& pool = make_shaped_pool();
  std::vector<int> order;
  pool.submit([&] {
        task_group group;
        group.run([] {});
        for (int i = 0; i != 8; ++i) pool.post([&, i] { order.push_back(i); });
        group.wait();
        EXPECT_TRUE(order.empty());
      }).get();
  pool.wait_idle();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST_P(task_group_test, groups_live_in_the_branches_of_joins_and_joins_in_the_tasks_of_groups) {
  const std::function<long(long)> fib = [&](long n) -> long {
    if (n < 2) return n;
    const auto branch = [&](long of) {
      return [&fib, of] {
        long value = 0;
        task_group group;
        group.run([&] { value = fib(of); });
        group.wait();
        return value;
      };
    };
    const auto [a, b] = filch::join(branch(n - 1), branch(n - 2));
    return a + b;
  };
  EXPECT_EQ(in_task([&] { return fib(15); }), 610);
}

TEST_P(task_group_test, groups_live_in_loops_and_loops_in_the_tasks_of_groups) {
  in_task([] {
    std::atomic<int> ran{0};
    filch::parallel_for(
        0, 50,
        [&](int) {
          task_group group;
          for (int i = 0; i != 3; ++i)
            group.run([&] { filch::parallel_for(0, 10, [&](int) { ran.fetch_add(1); }, {.grain = 1}); });
          group.wait();
        },
        {.grain = 1});
    EXPECT_EQ(ran.load(), 1500);
  });
}

TEST_P(task_group_test, groups_live_in_tasks_that_futures_wait_for_and_those_in_the_tasks_of_groups) {
  filch::scheduler& pool = make_shaped_pool();
  pool.submit([&] {
        std::vector<long> values(20);
        task_group group;
        for (long& each : values) group.run([&] { each = pool.submit([] { return fib_of_groups(8); }).get(); });
        group.wait();
        for (const long each : values) EXPECT_EQ(each, 21);
      }).get();
}

}  // namespace
