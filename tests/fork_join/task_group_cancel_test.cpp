// task_group: what ends tasks before they begin, that is an exception, cancel() and shutdown_now(), and who is told.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <filch/filch.hpp>

#include "fork_join/task_group_fixture.hpp"
#include "runtime/counted.hpp"

namespace {

using namespace filch_tests;
using filch::group_outcome;
using filch::task_group;

class task_group_cancel_test : public group_test {};
INSTANTIATE_POOL_SHAPES(task_group_cancel_test);

[[noreturn]] void fail_with(const char* what) { throw std::runtime_error(what); }

/// Proves that a group is as new: what is added runs, and the wait says so.
void expect_as_new(task_group& group) {
  EXPECT_FALSE(group.is_cancelled());
  std::atomic<int> ran{0};
  for (int i = 0; i != 20; ++i) group.run([&] { ran.fetch_add(1); });
  EXPECT_EQ(group.wait(), group_outcome::complete);
  EXPECT_EQ(ran.load(), 20);
}

/// Returns when a worker that waits has gone to sleep.
bool a_wait_falls_asleep(filch::scheduler& pool) {
  return eventually([&] { return waits_asleep(pool) != 0; });
}

TEST_P(task_group_cancel_test, the_exception_of_a_task_comes_out_of_the_wait_after_all_have_ended) {
  if (width() == 1) GTEST_SKIP() << "two tasks must run at the same time";
  filch::scheduler& pool = make_shaped_pool();
  pool.submit([&] {
        const event begun;
        bool ended = false;
        task_group group;
        group.run([&] {
          begun.set();
          EXPECT_TRUE(a_wait_falls_asleep(pool));
          EXPECT_TRUE(group.is_cancelled());
          ended = true;
        });
        EXPECT_TRUE(begun.wait());
        group.run([] { fail_with("thrown"); });
        EXPECT_EQ(thrown_by([&] { group.wait(); }), "thrown");
        EXPECT_TRUE(ended);
        expect_as_new(group);
      }).get();
}

TEST_P(task_group_cancel_test, after_an_exception_no_task_begins) {
  if (width() != 1) GTEST_SKIP() << "others may be just beginning";
  in_task([] {
    std::string ran;
    task_group group;
    group.run([&] { ran += "oldest"; });
    group.run([&] { fail_with("later"); });
    group.run([&] { fail_with("first"); });
    group.run([&] { ran += "newest"; });
    EXPECT_FALSE(group.is_cancelled());
    EXPECT_EQ(thrown_by([&] { group.wait(); }), "first");
    EXPECT_EQ(ran, "newest");
    expect_as_new(group);
  });
}

TEST_P(task_group_cancel_test, of_several_exceptions_the_first_comes_out) {
  if (width() == 1) GTEST_SKIP() << "two tasks must run at the same time";
  filch::scheduler& pool = make_shaped_pool();
  pool.submit([] {
        const event begun;
        task_group group;
        group.run([&] {
          begun.set();
          EXPECT_TRUE(eventually([&] { return group.is_cancelled(); }));
          fail_with("second");
        });
        EXPECT_TRUE(begun.wait());
        group.run([] { fail_with("first"); });
        EXPECT_EQ(thrown_by([&] { group.wait(); }), "first");
        expect_as_new(group);
      }).get();
  EXPECT_EQ(pool.metrics().dropped_exceptions, 1U);
}

TEST_P(task_group_cancel_test, each_phase_has_its_own_end) {
  in_task([] {
    task_group group;
    for (const char* const what : {"one", "two", "three"}) {
      group.run([what] { fail_with(what); });
      EXPECT_EQ(thrown_by([&] { group.wait(); }), what);
    }
    group.cancel();
    EXPECT_EQ(group.wait(), group_outcome::cancelled);
    expect_as_new(group);
  });
}

TEST_P(task_group_cancel_test, an_exception_comes_through_nested_groups_and_out_of_an_outside_wait) {
  filch::scheduler& pool = make_shaped_pool();
  task_group outer(pool);
  outer.run([] {
    task_group inner;
    for (int i = 0; i != 20; ++i) inner.run([i] { if (i == 7) fail_with("deep"); });
    inner.wait();
    ADD_FAILURE() << "the inner wait has returned";
  });
  EXPECT_EQ(thrown_by([&] { outer.wait(); }), "deep");
  expect_as_new(outer);
}

TEST_P(task_group_cancel_test, a_destructor_that_throws_counts_as_well) {
  struct thrower {
    explicit thrower(bool is_armed) : armed(is_armed) {}
    thrower(thrower&& other) noexcept : armed(std::exchange(other.armed, false)) {}
    ~thrower() noexcept(false) {
      if (armed) fail_with("destroyed");
    }
    bool armed;
  };
  in_task([] {
    task_group group;
    group.run([guard = thrower(true)] { EXPECT_TRUE(guard.armed); });
    EXPECT_EQ(thrown_by([&] { group.wait(); }), "destroyed");
    expect_as_new(group);
    group.cancel();
    group.run([guard = thrower(true)] { ADD_FAILURE() << guard.armed; });
    EXPECT_EQ(group.wait(), group_outcome::cancelled);
  });
}

TEST_P(task_group_cancel_test, the_destructor_loses_an_exception) {
  filch::scheduler& pool = make_shaped_pool();
  { task_group(pool).run([] { fail_with("lost"); }); }
  EXPECT_EQ(pool.metrics().dropped_exceptions, 1U);
  pool.submit([] {
        { task_group().run([] { fail_with("lost"); }); }
        EXPECT_EQ(thrown_by([] {
                    task_group group;
                    group.run([] { fail_with("lost"); });
                    fail_with("seen");
                  }),
                  "seen");
      }).get();
  EXPECT_EQ(pool.metrics().dropped_exceptions, 3U);
}

TEST_P(task_group_cancel_test, what_was_cancelled_before_it_began_is_not_called_and_its_captures_are_gone) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::atomic<int> living{0};
  std::atomic<int> called{0};
  task_group group(pool);
  const auto add_ten = [&] {
    for (int i = 0; i != 10; ++i) group.run([&called, token = counted(living)] { called.fetch_add(1); });
  };
  add_ten();
  EXPECT_FALSE(group.is_cancelled());
  group.cancel();
  group.cancel();
  EXPECT_TRUE(group.is_cancelled());
  add_ten();
  EXPECT_EQ(living.load(), 20);
  held.release();
  EXPECT_EQ(group.wait(), group_outcome::cancelled);
  EXPECT_EQ(called.load(), 0);
  EXPECT_EQ(living.load(), 0);
  expect_as_new(group);
}

TEST_P(task_group_cancel_test, a_group_cancels_no_other_one) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::atomic<int> called{0};
  task_group cancelled(pool);
  task_group other(pool);
  for (int i = 0; i != 10; ++i) {
    cancelled.run([] { ADD_FAILURE(); });
    other.run([&] { called.fetch_add(1); });
  }
  cancelled.cancel();
  EXPECT_FALSE(other.is_cancelled());
  held.release();
  EXPECT_EQ(other.wait(), group_outcome::complete);
  EXPECT_EQ(called.load(), 10);
  EXPECT_EQ(cancelled.wait(), group_outcome::cancelled);
}

TEST_P(task_group_cancel_test, a_task_may_cancel_its_own_group) {
  in_task([] {
    task_group group;
    group.run([&] {
      group.run([] {});
      group.cancel();
      EXPECT_TRUE(group.is_cancelled());
      group.run([] { ADD_FAILURE() << "added after the cancellation"; });
    });
    EXPECT_EQ(group.wait(), group_outcome::cancelled);
    expect_as_new(group);
  });
}

TEST_P(task_group_cancel_test, a_group_may_be_cancelled_where_there_is_nothing_to_cancel) {
  in_task([] {
    task_group group;
    group.cancel();
    EXPECT_EQ(group.wait(), group_outcome::cancelled);
    expect_as_new(group);
    group.cancel();
  });
}

TEST_P(task_group_cancel_test, cancel_may_come_from_outside_at_any_time) {
  filch::scheduler& pool = make_shaped_pool();
  task_group group(pool);
  for (unsigned round = 0; round != scaled(200); ++round) {
    std::atomic<int> begun{0};
    std::atomic<int> living{0};
    group.run([&] { grow_leaves(group, begun, 7); });
    for (int i = 0; i != 20; ++i) group.run([token = counted(living)] {});
    std::jthread canceller([&] { group.cancel(); });
    const group_outcome how = group.wait();
    ASSERT_EQ(living.load(), 0);
    if (how == group_outcome::complete) {
      ASSERT_EQ(begun.load(), 128);
    }
    canceller.join();
    (void)group.wait();
  }
  expect_as_new(group);
}

TEST_P(task_group_cancel_test, a_token_is_stopped_by_cancel_and_not_in_a_later_phase) {
  filch::scheduler& pool = make_shaped_pool();
  task_group group(pool);
  for (int phase = 0; phase != 3; ++phase) {
    const event begun;
    group.run(
        [&](const std::stop_token& stop, int number) {
          EXPECT_EQ(number, phase);
          EXPECT_TRUE(stop.stop_possible());
          EXPECT_FALSE(stop.stop_requested());
          begun.set();
          EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
        },
        phase);
    EXPECT_TRUE(begun.wait());
    group.cancel();
    group.run([](const std::stop_token&) { ADD_FAILURE() << "added after the cancellation"; });
    EXPECT_EQ(group.wait(), group_outcome::cancelled);
  }
  expect_as_new(group);
}

TEST_P(task_group_cancel_test, a_token_is_stopped_by_an_exception) {
  if (width() == 1) GTEST_SKIP() << "two tasks must run at the same time";
  in_task([] {
    const event begun;
    task_group group;
    group.run([&](const std::stop_token& stop) {
      begun.set();
      EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
    });
    EXPECT_TRUE(begun.wait());
    group.run([] { fail_with("thrown"); });
    EXPECT_EQ(thrown_by([&] { group.wait(); }), "thrown");
  });
}

TEST_P(task_group_cancel_test, a_callback_of_a_token_may_use_the_group) {
  filch::scheduler& pool = make_shaped_pool();
  task_group group(pool);
  const event begun;
  const event called_back;
  group.run([&](const std::stop_token& stop) {
    const std::stop_callback callback(stop, [&] {
      EXPECT_TRUE(group.is_cancelled());
      group.cancel();
      group.run([] { ADD_FAILURE(); });
      called_back.set();
    });
    begun.set();
    EXPECT_TRUE(called_back.wait());
  });
  EXPECT_TRUE(begun.wait());
  group.cancel();
  EXPECT_EQ(group.wait(), group_outcome::cancelled);
}

TEST_P(task_group_cancel_test, a_token_is_stopped_by_the_pools_end_and_the_task_counts_as_complete) {
  filch::scheduler& pool = make_shaped_pool();
  task_group group(pool);
  const event begun;
  group.run([&](const std::stop_token& stop) {
    begun.set();
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
  });
  EXPECT_TRUE(begun.wait());
  (void)pool.shutdown_now();
  EXPECT_EQ(group.wait(), group_outcome::complete);
}

TEST_P(task_group_cancel_test, what_the_pools_end_cancels_is_told_to_who_waits_outside) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::atomic<int> living{0};
  task_group group(pool);
  for (int i = 0; i != 10; ++i) group.run([token = counted(living)] { ADD_FAILURE(); });
  (void)pool.shutdown_now();
  held.release();
  EXPECT_THROW(group.wait(), filch::task_cancelled);
  EXPECT_EQ(living.load(), 0);
  EXPECT_THROW(group.run([] {}), filch::closed);
  EXPECT_EQ(group.wait(), group_outcome::complete);
}

TEST_P(task_group_cancel_test, what_the_pools_end_cancels_is_told_to_who_waits_in_a_task) {
  filch::scheduler& pool = make_shaped_pool();
  const held_workers held(pool, width() - 1);
  const event queued;
  const event cancelled;
  auto waiting = pool.submit([&] {
    std::atomic<int> living{0};
    task_group group;
    for (int phase = 0; phase != 2; ++phase) {  // those of the second are added after the end
      for (int i = 0; i != 10; ++i) group.run([token = counted(living)] { ADD_FAILURE(); });
      queued.set();
      EXPECT_TRUE(cancelled.wait());
      EXPECT_THROW(group.wait(), filch::task_cancelled);
      EXPECT_EQ(living.load(), 0);
    }
    EXPECT_EQ(group.wait(), group_outcome::complete);
  });
  EXPECT_TRUE(queued.wait());
  (void)pool.shutdown_now();
  cancelled.set();
  waiting.get();
}

}  // namespace
