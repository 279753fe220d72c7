// join() where something ends: the deque, the stack, the spares.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <filch/filch.hpp>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;
using filch::join;

class join_limits_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(join_limits_test);

/// A chain of joins, each in the first branch of the one before.
long chain(int depth) {
  if (depth == 0) return 0;
  const auto [below, one] = join([=] { return chain(depth - 1); }, [] { return 1L; });
  return below + one;
}

/// A tree of as many leaves as two to the depth.
long leaves(int depth) {
  if (depth == 0) return 1;
  const auto [some, others] = join([=] { return leaves(depth - 1); }, [=] { return leaves(depth - 1); });
  return some + others;
}

TEST_P(join_limits_test, a_full_deque_is_no_limit_to_depth) {
  filch::scheduler_options options = shape();
  options.deque_capacity = 2;
  filch::scheduler& pool = make_pool(options);
  EXPECT_EQ(pool.submit([] { return leaves(13); }).get(), 8192);
}

TEST_P(join_limits_test, tasks_that_overflow_the_deque_leave_branches_where_they_are) {
  filch::scheduler_options options = shape();
  options.deque_capacity = 4;
  filch::scheduler& pool = make_pool(options);
  std::atomic<int> runs{0};
  const std::function<void(int)> descend = [&](int depth) {
    if (depth == 0) return;
    join([&] { descend(depth - 1); },
         [&] {
           for (int i = 0; i != 7; ++i) pool.post([&] { runs.fetch_add(1); });
           descend(depth - 1);
         });
  };
  pool.submit([&] { descend(6); }).get();
  pool.wait_idle();
  EXPECT_EQ(runs.load(), 7 * 63);
}

// Each level leaves a frame, and what is left of the stack is measured: at the end of one the rest goes on upon another.
TEST_P(join_limits_test, a_chain_of_a_hundred_thousand_works_or_says_that_it_is_too_deep) {
  constexpr int depth = 100'000;
  filch::scheduler_options options = shape();
  if (sanitizer_slowdown != 1) options.stack_size = small_stack;
  filch::scheduler& pool = make_pool(options);
  long reached = 0;
  const std::string thrown = thrown_by([&] { reached = pool.submit([&] { return chain(depth); }).get(); });
  if (thrown.empty())
    EXPECT_EQ(reached, depth);
  else
    EXPECT_NE(thrown.find("scheduler_options::spares"), std::string::npos) << thrown;
}

TEST_P(join_limits_test, a_small_stack_without_spares_ends_in_an_error_and_no_crash) {
  filch::scheduler_options options = shape();
  options.stack_size = small_stack;
  options.spares = 0;
  filch::scheduler& pool = make_pool(options);
  EXPECT_EQ(pool.submit([&] { return chain(20); }).get(), 20);
  EXPECT_THROW((void)pool.submit([&] { return chain(100'000); }).get(), filch::too_many_blocked);
}

// At the end of the stack each chain has a join that begins and can hardly wait.
TEST_P(join_limits_test, whoever_can_begin_a_join_can_also_wait_for_it) {
  filch::scheduler_options options = shape();
  options.stack_size = sanitizer_slowdown == 1 ? 64 * 1024 : small_stack;
  options.spares = 0;
  filch::scheduler& pool = make_pool(options);
  const std::function<long(int)> descend = [&](int left) -> long {
    if (left == 0) return 0;
    const auto [below, one] = join([&] { return descend(left - 1); },
                                   [&] {
                                     std::atomic<int> turns{0};
                                     while (turns.fetch_add(1) < left % 7 * 30) {}
                                     return 1L;
                                   });
    return below + one;
  };
  for (int round = 0; round != static_cast<int>(scaled(3'000)); ++round) {
    const int depth = 20 + round % 400;
    try {
      ASSERT_EQ(pool.submit([&] { return descend(depth); }).get(), depth);
    } catch (const filch::too_many_blocked&) {
      ASSERT_GT(depth, 20);
    }
  }
}

// It would wait for a branch that its parent's thief has.
TEST_P(join_limits_test, a_child_that_a_branch_has_forked_ends_where_it_would_wait_for_another) {
  if (width() == 1) GTEST_SKIP() << "nobody steals";
  filch::scheduler& pool = make_shaped_pool();
  const event stolen;
  const event may_end;
  auto both = pool.submit([&] {
    return join(
        [&, stolen] {
          stolen.set();
          return may_end.wait();
        },
        [&, stolen] {
          EXPECT_TRUE(stolen.wait());
          const pid_t made = ::fork();
          if (made == 0) ::alarm(60);
          may_end.set();
          return made;
        });
  });
  const pid_t child = std::get<1>(both.get());
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
}

// The worker in the outer join counts as blocked, so that the thief of its branch is the last that is not, and runs a stranger.
TEST_P(join_limits_test, what_a_worker_without_a_spare_runs_is_not_robbed_by_who_waits_for_it) {
  if (width() != 2) GTEST_SKIP() << "a width of three is made by hand";
  filch::scheduler_options options = shape();
  options.workers = 3;
  options.spares = 0;
  options.spin = std::chrono::milliseconds(300);
  filch::scheduler& pool = make_pool(options);
  const event outer_stolen;
  const event inner_stolen;
  const event stranger_began;
  const event inner_may_end;
  std::thread::id waiting;
  std::atomic<bool> robbed{false};
  auto whole = pool.submit([&] {
    waiting = std::this_thread::get_id();
    filch::blocking([&] {
      join(
          [&] {
            outer_stolen.set();
            join(
                [&] {
                  inner_stolen.set();
                  filch::blocking([&] { EXPECT_TRUE(inner_may_end.wait()); });
                },
                [&] { EXPECT_TRUE(inner_stolen.wait()); });
          },
          [&] {
            EXPECT_TRUE(outer_stolen.wait());
            EXPECT_TRUE(stranger_began.wait());
          });
    });
  });
  EXPECT_TRUE(inner_stolen.wait());
  auto stranger = pool.submit([&] {
    join([&] { robbed = std::this_thread::get_id() == waiting; },
         [&] {
           stranger_began.set();
           std::this_thread::sleep_for(50ms);  // long enough to be robbed of its branch
         });
  });
  stranger.wait();
  inner_may_end.set();
  whole.get();
  EXPECT_FALSE(robbed);
}

TEST_P(join_limits_test, tombstones_above_a_branch_are_swept) {
  if (width() != 1) GTEST_SKIP() << "thieves would take them";
  filch::scheduler_options options = shape();
  options.deque_capacity = 64;
  filch::scheduler& pool = make_pool(options);
  pool.submit([&] {
        join([] {},
             [&] {
               std::vector<filch::future<void>> below;
               for (int i = 0; i != 64; ++i) below.push_back(pool.submit([] {}));
               for (auto& each : below) each.get();
               for (int i = 0; i != 30'000; ++i) {
                 auto first = pool.submit([] {});
                 auto second = pool.submit([] {});
                 first.get();
                 second.get();
               }
             });
      }).get();
  EXPECT_LT(pool.metrics().task_memory, 1'000'000U);
}

}  // namespace
