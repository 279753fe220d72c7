// A clock that is moved by hand.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include "runtime/process_probe.hpp"
#include "time/timed_pool.hpp"

namespace {

using namespace filch_tests;

class virtual_clock_test : public timed_pool_test {};
INSTANTIATE_POOL_SHAPES(virtual_clock_test);

TEST_P(virtual_clock_test, stands_still_and_moves_forwards_only) {
  const auto begin = clock.now();
  EXPECT_EQ(clock.now(), begin);
  clock.advance(5s);
  EXPECT_EQ(clock.now(), begin + 5s);
  clock.advance(std::chrono::duration<double>(0.5));
  EXPECT_EQ(clock.now(), begin + 5'500ms);
  clock.advance(0s);
  EXPECT_THROW(clock.advance(-1ns), std::invalid_argument);
  EXPECT_THROW(clock.advance(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())), std::invalid_argument);
  EXPECT_EQ(clock.now(), begin + 5'500ms);
  clock.advance(std::chrono::hours::max());
  EXPECT_EQ(clock.now(), std::chrono::steady_clock::time_point::max());
}

TEST_P(virtual_clock_test, moves_several_pools_at_once) {
  filch::scheduler& one = make_timed_pool();
  filch::scheduler& other = make_timed_pool();
  make_timed_pool();  // which never has a timer
  auto first = filch::submit_after(one, 1s, [] { return 1; });
  auto second = filch::submit_after(other, 1s, [] { return 2; });
  clock.advance(1s);
  EXPECT_EQ(first.get() + second.get(), 3);
}

TEST_P(virtual_clock_test, what_is_due_has_been_queued_when_advance_returns) {
  filch::scheduler& pool = make_timed_pool();
  held_workers held(pool, width());
  for (int i = 0; i != 300; ++i) (void)filch::submit_after(pool, i * 1ms, [] {});
  clock.advance(1ms * 99);
  EXPECT_EQ(pool.metrics().waiting.normal, 100U);
  clock.advance(1h);
  EXPECT_EQ(pool.metrics().waiting.normal, 300U);
  held.release();
}

// The timer thread is awake, since it has just been told of the task, and may see the new time before it is told of that.
TEST_P(virtual_clock_test, what_was_done_before_it_moved_is_seen_by_what_is_due) {
  filch::scheduler& pool = make_timed_pool();
  for (int i = 0; i != 1'000; ++i) {
    int note = 0;
    filch::future<int> read = filch::submit_after(pool, 1ms, [&] { return note; });
    note = i;
    clock.advance(1ms);
    EXPECT_EQ(read.get(), i);
  }
}

TEST_P(virtual_clock_test, comes_before_the_first_timer_and_once) {
  filch::scheduler& pool = make_shaped_pool();
  filch::submit_after(pool, 0s, [] {}).get();
  EXPECT_THROW(filch::use_clock(pool, clock), std::invalid_argument);
  filch::scheduler& other = make_timed_pool();
  EXPECT_THROW(filch::use_clock(other, clock), std::invalid_argument);
  clock.advance(1s);
}

TEST_P(virtual_clock_test, may_be_moved_while_pools_come_and_go) {
  std::atomic<bool> over{false};
  std::thread moves([&] {
    while (!over) clock.advance(1ms);
  });
  for (unsigned round = 0; round != scaled(20) + 5; ++round) {
    filch::scheduler& pool = make_timed_pool();
    std::vector<filch::future<void>> all;
    for (int i = 0; i != 20; ++i) all.push_back(filch::submit_after(pool, i * 1ms, [] {}));
    if (round % 2 == 0)
      for (auto& each : all) each.get();
    destroy_pool(pool);
  }
  over = true;
  moves.join();
}

TEST_P(virtual_clock_test, a_child_made_by_fork_is_told) {
  filch::scheduler& pool = make_timed_pool();
  auto later = filch::submit_after(pool, 1s, [] { return 42; });
  EXPECT_EQ(answer_of_child([&] {
              try {
                clock.advance(1s);
                return 1;
              } catch (const filch::forked&) {
                return 0;
              }
            }),
            0);
  clock.advance(1s);
  EXPECT_EQ(later.get(), 42);
}

#if !defined(__SANITIZE_THREAD__)  // which refuses threads in the child of a process that had some
TEST_P(virtual_clock_test, a_childs_own_pool_takes_a_clock_of_its_own) {
  make_timed_pool();
  EXPECT_EQ(answer_of_child([&] {
              filch::virtual_clock fresh;
              filch::scheduler own(shape());
              try {
                filch::use_clock(own, clock);
                return 1;
              } catch (const filch::forked&) {
              }
              filch::use_clock(own, fresh);
              auto later = filch::submit_after(own, 1s, [] { return 42; });
              fresh.advance(1s);
              return later.get() == 42 ? 0 : 2;
            }),
            0);
}
#endif

TEST_P(virtual_clock_test, a_task_may_move_it) {
  filch::scheduler& pool = make_timed_pool();
  auto later = filch::submit_after(pool, 1s, [] { return 42; });
  pool.submit([&] { clock.advance(1s); }).get();
  EXPECT_EQ(later.get(), 42);
}

}  // namespace
