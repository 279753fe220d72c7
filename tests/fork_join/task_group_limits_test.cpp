// task_group where something ends or is refused: the deque, the stack, the spares, memory, the pool, the process.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <filch/filch.hpp>

#include "fork_join/task_group_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;
using filch::group_outcome;
using filch::task_group;

class task_group_limits_test : public group_test {};
INSTANTIATE_POOL_SHAPES(task_group_limits_test);

TEST_P(task_group_limits_test, a_task_that_waits_for_its_own_group_is_told_so) {
  in_task([] {
    std::atomic<int> later{0};
    task_group group;
    group.run([&] {
      EXPECT_NE(thrown_by([&] { group.wait(); }).find("make a group in the task"), std::string::npos);
      group.run([&] { later.fetch_add(1); });
      EXPECT_THROW(group.wait(), filch::would_deadlock);
      filch::join([&] { EXPECT_THROW(group.wait(), filch::would_deadlock); },
                  [&] { EXPECT_THROW(group.wait(), filch::would_deadlock); });
      group.run([&] { later.fetch_add(1); });
    });
    EXPECT_EQ(group.wait(), group_outcome::complete);
    EXPECT_EQ(later.load(), 2);
  });
}

TEST_P(task_group_limits_test, nothing_is_queued_that_run_refuses) {
  struct fails_to_copy {
    fails_to_copy() = default;
    fails_to_copy(const fails_to_copy&) { throw std::runtime_error("no copy"); }
    void operator()() const {}
  };
  const auto expect_refusals = [](task_group& group) {
    const fails_to_copy original;
    EXPECT_THROW(group.run(std::function<void()>()), std::invalid_argument);
    EXPECT_EQ(thrown_by([&] { group.run(original); }), "no copy");
    EXPECT_EQ(thrown_by([&] { group.run([](const std::stop_token&, const fails_to_copy&) {}, original); }), "no copy");
  };
  in_task([&] {
    task_group group;
    expect_refusals(group);
    EXPECT_EQ(group.wait(), group_outcome::complete);
    std::atomic<int> ran{0};
    for (int i = 0; i != 10; ++i)  // a worker has ended others before most of them
      group.run([&] {
        expect_refusals(group);
        ran.fetch_add(1);
      });
    EXPECT_EQ(group.wait(), group_outcome::complete);
    EXPECT_EQ(ran.load(), 10);
  });
}

TEST_P(task_group_limits_test, a_pool_that_was_shut_down_takes_no_tasks) {
  filch::scheduler& pool = make_shaped_pool();
  task_group group(pool);
  (void)pool.shutdown();
  EXPECT_THROW(group.run([] { ADD_FAILURE(); }), filch::closed);
  EXPECT_EQ(group.wait(), group_outcome::complete);
}

TEST_P(task_group_limits_test, a_pool_that_drains_takes_what_its_tasks_add) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::atomic<int> leaves{0};
  task_group group(pool);
  group.run([&] { grow_leaves(group, leaves, 6); });
  std::thread closer([&] { (void)pool.shutdown(); });
  EXPECT_TRUE(eventually([&] { return !thrown_by([&] { pool.post([] {}); }).empty(); }));
  held.release();
  EXPECT_EQ(group.wait(), group_outcome::complete);
  EXPECT_EQ(leaves.load(), 64);
  closer.join();
}

TEST_P(task_group_limits_test, a_small_deque_is_no_limit_to_the_number_of_tasks) {
  for (const std::size_t capacity : {std::size_t{2}, std::size_t{4}}) {
    filch::scheduler_options options = shape();
    options.deque_capacity = capacity;
    filch::scheduler& pool = make_pool(options);
    std::atomic<int> ran{0};
    pool.submit([&] {
          task_group group;
          for (int i = 0; i != 10'000; ++i) {
            group.run([&] { ran.fetch_add(1); });
            if (i % 3 == 0) pool.post([&] { ran.fetch_add(1); });
          }
          EXPECT_EQ(group.wait(), group_outcome::complete);
          EXPECT_GE(ran.load(), 10'000);
          grow_leaves(group, ran, 10);
          EXPECT_EQ(group.wait(), group_outcome::complete);
        }).get();
    pool.wait_idle();
    EXPECT_EQ(ran.load(), 10'000 + 3'334 + 1'024);
  }
}

TEST_P(task_group_limits_test, nested_waits_end_without_spares) {
  filch::scheduler& pool = make_pool_without_spares();
  std::vector<filch::future<long>> all;
  for (int i = 0; i != 20; ++i) all.push_back(pool.submit([] { return fib_of_groups(14); }));
  for (auto& each : all) EXPECT_EQ(each.get(), 377);
}

// The stranger lies above the group's task, and nobody else can run either.
TEST_P(task_group_limits_test, the_last_worker_without_a_spare_runs_what_it_waits_for_wherever_that_is) {
  if (width() != 1) GTEST_SKIP() << "the other workers would run it";
  filch::scheduler& pool = make_pool_without_spares();
  int ran = 0;
  task_group group(pool);
  pool.submit([&] {
        group.run([&] { ++ran; });
        pool.post([&] { ++ran; });
        EXPECT_EQ(group.wait(), group_outcome::complete);
        EXPECT_EQ(ran, 2);
      }).get();
}

// In its wait the last worker runs the newer branch of its own, and the group is over then.
TEST_P(task_group_limits_test, a_branch_is_not_lost_below_one_that_a_wait_has_run) {
  if (width() != 2) GTEST_SKIP() << "one that waits, and one that is blocked";
  filch::scheduler& pool = make_pool_without_spares();
  const event stolen;
  const event may_end;
  const event ended;
  const event over;
  bool ran = false;
  pool.submit([&] {
        task_group group;
        group.run([&] {
          pool.post([&] {
            ended.set();
            EXPECT_TRUE(over.wait());  // so that nobody is there to steal the other branch
          });
          filch::blocking([&] {
            stolen.set();
            EXPECT_TRUE(may_end.wait());
          });
        });
        EXPECT_TRUE(stolen.wait());
        filch::join([&] { ran = true; },
                    [&] {
                      filch::join(
                          [&] {
                            may_end.set();
                            EXPECT_TRUE(ended.wait());
                          },
                          [&] { EXPECT_EQ(group.wait(), group_outcome::complete); });
                    });
        over.set();
      }).get();
  pool.wait_idle();
  EXPECT_TRUE(ran);
}

TEST_P(task_group_limits_test, the_last_worker_of_another_pool_is_refused_a_wait_without_a_spare) {
  if (width() != 1) GTEST_SKIP() << "the others are not blocked";
  filch::scheduler& pool = make_pool_without_spares();
  filch::scheduler& other = make_shaped_pool();
  held_workers held(other, 1);
  int ran = 0;
  task_group group(other);
  pool.submit([&] {
        group.run([&] { ++ran; });
        EXPECT_THROW(group.wait(), filch::too_many_blocked);
      }).get();
  held.release();
  EXPECT_EQ(group.wait(), group_outcome::complete);
  EXPECT_EQ(ran, 1);
}

TEST_P(task_group_limits_test, a_spare_runs_what_lies_below_strangers) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  task_group group(pool);  // made outside, so it knows nothing of a deque
  pool.submit([&] {
        for (int i = 0; i != 20; ++i) {
          group.run([&] { ran.fetch_add(1); });
          pool.post([] {});
        }
        EXPECT_EQ(group.wait(), group_outcome::complete);
        EXPECT_EQ(ran.load(), 20);
      }).get();
}

/// A chain of groups, each in the task of the one before.
long chain_of_groups(int depth) {
  if (depth == 0) return 0;
  long below = 0;
  task_group group;
  group.run([&below, depth] { below = chain_of_groups(depth - 1); });
  group.wait();
  return below + 1;
}

/// The same, but that the destructors wait.
void chain_of_destructors(int depth, std::atomic<int>& ended) {
  if (depth == 0) return;
  {
    task_group group;
    group.run([&ended, depth] { chain_of_destructors(depth - 1, ended); });
  }
  ended.fetch_add(1);
}

TEST_P(task_group_limits_test, a_chain_of_twenty_thousand_works_or_says_that_it_is_too_deep) {
  constexpr int depth = 20'000;
  filch::scheduler_options options = shape();
  if (sanitizer_slowdown != 1) options.stack_size = small_stack;
  filch::scheduler& pool = make_pool(options);
  long reached = 0;
  const std::string thrown = thrown_by([&] { reached = pool.submit([&] { return chain_of_groups(depth); }).get(); });
  if (thrown.empty())
    EXPECT_EQ(reached, depth);
  else
    EXPECT_NE(thrown.find("scheduler_options::spares"), std::string::npos) << thrown;
}

TEST_P(task_group_limits_test, a_small_stack_without_spares_ends_in_an_error_and_no_crash) {
  filch::scheduler_options options = shape();
  options.stack_size = small_stack;
  options.spares = 0;
  filch::scheduler& pool = make_pool(options);
  EXPECT_EQ(pool.submit([] { return chain_of_groups(20); }).get(), 20);
  EXPECT_THROW((void)pool.submit([] { return chain_of_groups(100'000); }).get(), filch::too_many_blocked);
  EXPECT_EQ(pool.submit([] { return chain_of_groups(20); }).get(), 20);
}

TEST_P(task_group_limits_test, on_a_small_stack_without_spares_destructors_drop_what_they_cannot_run) {
  filch::scheduler_options options = shape();
  options.stack_size = small_stack;
  options.spares = 0;
  filch::scheduler& pool = make_pool(options);
  std::atomic<int> ended{0};
  pool.submit([&] { chain_of_destructors(20, ended); }).get();
  EXPECT_EQ(ended.load(), 20);
  pool.submit([&] { chain_of_destructors(100'000, ended); }).get();
  EXPECT_GT(ended.load(), 40);
}

// Without a spare nobody else can take what the worker leaves in its deque, and it runs that itself before anybody is told, or
// has told before.
class task_group_tell_test : public task_group_limits_test {
 protected:
  /// A stolen task of a group calls `leave(waited)` and ends, and the event comes when the wait for it has returned.
  template <class F>
  void expect_told(filch::scheduler& pool, const F& leave) {
    pool.submit([&] {
          const event stolen;
          const event waited;
          task_group group;
          group.run([&] {
            stolen.set();
            leave([waited] { EXPECT_TRUE(waited.wait()) << "the group was not told"; });
          });
          EXPECT_TRUE(stolen.wait());
          EXPECT_EQ(group.wait(), group_outcome::complete);
          waited.set();
        }).get();
    pool.wait_idle();
  }
};
INSTANTIATE_POOL_SHAPES(task_group_tell_test);

TEST_P(task_group_tell_test, a_worker_tells_a_group_before_it_begins_with_a_stranger) {
  if (width() != 2) GTEST_SKIP() << "the thief must be the only one that is left";
  filch::scheduler& pool = make_pool_without_spares();
  expect_told(pool, [&](const auto& stranger) { pool.post(stranger); });
}

TEST_P(task_group_tell_test, a_worker_tells_a_group_before_it_begins_with_a_task_of_another) {
  if (width() != 2) GTEST_SKIP() << "the thief must be the only one that is left";
  filch::scheduler& pool = make_pool_without_spares();
  task_group other(pool);
  expect_told(pool, [&](const auto& stranger) { other.run(stranger); });
  EXPECT_EQ(other.wait(), group_outcome::complete);
}

TEST_P(task_group_tell_test, a_worker_tells_a_group_before_it_sleeps) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to steal";
  expect_told(make_pool_without_spares(), [](const auto&) {});
}

bool is_forked(const std::function<void()>& use) {
  try {
    use();
  } catch (const filch::forked&) {
    return true;
  }
  return false;
}

TEST_P(task_group_limits_test, in_a_child_process_it_says_so_and_its_destructor_returns) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::atomic<int> ran{0};
  auto group = std::make_unique<task_group>(pool);
  for (int i = 0; i != 5; ++i) group->run([&] { ran.fetch_add(1); });
  EXPECT_EQ(answer_of_child([&] {
              if (!is_forked([&] { group->wait(); })) return 1;
              if (!is_forked([&] { group->run([] {}); })) return 2;
              if (!is_forked([&] { task_group(pool).run([] {}); })) return 3;
              group.reset();
              return 0;
            }),
            0);
  held.release();
  EXPECT_EQ(group->wait(), group_outcome::complete);
  EXPECT_EQ(ran.load(), 5);
}

TEST_P(task_group_limits_test, in_a_child_that_a_task_has_made_too) {
  in_task([] {
    int ran = 0;
    task_group group;
    if (width() == 1) group.run([&] { ++ran; });
    EXPECT_EQ(answer_of_child([&] {
                if (!is_forked([&] { group.wait(); })) return 1;
                if (!is_forked([&] { group.run([] {}); })) return 2;
                group.~task_group();
                return 0;
              }),
              0);
    EXPECT_EQ(group.wait(), group_outcome::complete);
    EXPECT_EQ(ran, width() == 1 ? 1 : 0);
  });
}

}  // namespace
