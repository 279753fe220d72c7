// Waiting inside a task: get() runs the awaited task or makes room for a spare, and never runs a stranger.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class block_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(block_test);

/// What `wait` throws; empty when it returns.
template <class Error, class Wait>
std::string sentence_of(Wait&& wait) {
  try {
    wait();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST_P(block_test, get_in_a_task_runs_the_awaited_task_on_the_same_worker) {
  filch::scheduler& pool = make_shaped_pool();
  bool claimed = false;
  for (int attempt = 0; attempt != 100 && !claimed; ++attempt)  // a thief may be faster
    claimed = pool.submit([&] {
                    auto child = pool.submit([] { return std::this_thread::get_id(); });
                    return child.get() == std::this_thread::get_id();
                  }).get();
  EXPECT_TRUE(claimed);
  EXPECT_GE(pool.metrics().total().claims, 1U);
}

TEST_P(block_test, get_claims_what_others_have_queued_before_it) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> strangers{0};
  std::vector<filch::future<void>> queued;
  const event all_queued;
  auto outer = pool.submit([&] {
    EXPECT_TRUE(all_queued.wait());
    return queued.back().wait(), strangers.load();
  });
  held_workers held(pool, width() - 1);
  for (int i = 0; i != 100; ++i) queued.push_back(pool.submit([&] { strangers.fetch_add(1); }));
  queued.push_back(pool.submit([] {}));
  all_queued.set();
  EXPECT_EQ(outer.get(), 0);
  held.release();
  pool.wait_idle();  // the strangers count here
}

TEST_P(block_test, a_lock_held_over_get_meets_only_the_awaited_task) {
  filch::scheduler& pool = make_shaped_pool();
  std::mutex shared;
  std::atomic<int> entered{0};
  std::vector<filch::future<void>> tasks;
  for (int round = 0; round != 20; ++round)
    tasks.push_back(pool.submit([&] {
      std::vector<filch::future<void>> strangers;
      for (int i = 0; i != 5; ++i)
        strangers.push_back(pool.submit([&] {
          const std::scoped_lock lock(shared);  // on the thread that holds it this would never return
          entered.fetch_add(1);
        }));
      {
        const std::scoped_lock lock(shared);
        auto pure = pool.submit([] { return 1; });
        entered.fetch_add(pure.get());
      }
      for (auto& each : strangers) each.get();
    }));
  for (auto& each : tasks) ASSERT_EQ(each.wait_for(watchdog), filch::future_status::ready);
  EXPECT_EQ(entered.load(), 20 * 6);
}

/// The thread sanitizer counts no more than 65,536 frames on a stack.
constexpr unsigned ten_thousand_levels = sanitizer_slowdown == 1 ? 10'000 : 2'000;

TEST_P(block_test, get_nests_ten_thousand_deep) {
  filch::scheduler& pool = make_shaped_pool();
  std::function<unsigned(unsigned)> nest = [&](unsigned depth) -> unsigned {
    return depth == 0 ? 0 : pool.submit(std::ref(nest), depth - 1).get() + 1;
  };
  EXPECT_EQ(pool.submit(std::ref(nest), ten_thousand_levels).get(), ten_thousand_levels);
}

TEST_P(block_test, a_chain_of_a_hundred_thousand_futures_comes_to_its_end_on_one_worker) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  filch::scheduler& pool = make_pool(std::move(options));
  const auto run_chain = [&](unsigned length) {
    filch::future<unsigned> last = pool.submit([] { return 0U; });
    for (unsigned i = 1; i != length; ++i)
      last = pool.submit([before = std::move(last)]() mutable { return before.get() + 1; });
    return last.get();
  };
  const unsigned wide = std::min(100'000U, 4 * scaled(100'000));
  EXPECT_EQ(run_chain(wide), wide - 1);
  const unsigned deep = scaled(100'000);
  EXPECT_EQ(pool.submit([&] { return run_chain(deep); }).get(), deep - 1);  // so many calls of get() deep
}

TEST_P(block_test, a_blocked_worker_is_replaced_so_that_one_is_enough) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  std::vector<filch::future<void>> blocked;
  for (unsigned i = 0; i != width(); ++i) blocked.push_back(pool.submit([&] { elsewhere.submit([] {}).get(); }));
  EXPECT_TRUE(eventually([&] { return pool.metrics().spares_in_use == width(); }));
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
  far.release();
  for (auto& each : blocked) each.get();
}

TEST_P(block_test, workers_wait_for_what_a_timer_submits_after_the_spares_had_time_to_retire) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  for (int round = 0; round != 5; ++round) {
    held_workers far(elsewhere, 1);
    std::vector<filch::future<void>> waiting;
    for (unsigned i = 0; i != width(); ++i)
      waiting.push_back(pool.submit([behind_it = elsewhere.submit([] {})]() mutable { behind_it.get(); }));
    EXPECT_TRUE(eventually([&] { return pool.metrics().spares_in_use == width(); }));
    std::this_thread::sleep_for(5ms);  // a spare that would retire for want of work has done it
    std::thread timer([&] { pool.post([&] { far.release(); }); });
    for (auto& each : waiting) EXPECT_EQ(each.wait_for(watchdog), filch::future_status::ready);
    timer.join();
    for (auto& each : waiting) each.get();
  }
}

TEST_P(block_test, wait_for_in_a_task_lets_the_awaited_task_run_on_a_spare) {
  filch::scheduler& pool = make_shaped_pool();
  auto outer = pool.submit([&] {
    const auto own = std::this_thread::get_id();
    auto child = pool.submit([] { return std::this_thread::get_id(); });
    const filch::future_status status = child.wait_for(watchdog);
    return status == filch::future_status::ready && child.get() != own;
  });
  EXPECT_TRUE(outer.get());
}

TEST_P(block_test, wait_for_in_a_task_never_runs_anything_and_ends_at_its_limit) {
  filch::scheduler& pool = make_shaped_pool();
  const event go;
  auto outer = pool.submit([&pool, go] {
    auto child = pool.submit([go] { return go.wait(); });
    const filch::future_status first = child.wait_for(2ms);
    const filch::future_status look = child.wait_for(0s);
    go.set();
    return first == filch::future_status::timeout && look == filch::future_status::timeout && child.get();
  });
  EXPECT_TRUE(outer.get());
}

TEST_P(block_test, a_task_that_waits_for_itself_is_told) {
  filch::scheduler& pool = make_shaped_pool();
  for (const bool with_help : {false, true}) {
    filch::future<void> self;
    const event ready;
    std::string sentence;
    self = pool.submit([&] {
      EXPECT_TRUE(ready.wait());
      sentence = sentence_of<filch::would_deadlock>([&] { with_help ? self.get(filch::help) : self.get(); });
      EXPECT_TRUE(self.valid());
      EXPECT_THROW(self.wait(), filch::would_deadlock);
      EXPECT_THROW((void)self.wait_for(1h), filch::would_deadlock);
      EXPECT_EQ(self.wait_for(0s), filch::future_status::timeout);
    });
    ready.set();
    EXPECT_TRUE(eventually([&] { return self.ready(); }));
    self.get();
    EXPECT_NE(sentence.find("waits for itself"), std::string::npos) << sentence;
  }
}

TEST_P(block_test, a_task_that_waits_for_itself_through_a_child_that_it_runs_in_place_is_told) {
  filch::scheduler_options options = shape();
  options.workers = 1;  // nobody else can take the child
  filch::scheduler& pool = make_pool(std::move(options));
  filch::future<void> outer;
  const event ready;
  std::string sentence;
  outer = pool.submit([&] {
    EXPECT_TRUE(ready.wait());
    auto child = pool.submit([&] { outer.wait(); });
    sentence = sentence_of<filch::would_deadlock>([&] { child.get(); });
  });
  ready.set();
  EXPECT_TRUE(eventually([&] { return outer.ready(); }));
  outer.get();
  EXPECT_NE(sentence.find("waits for itself"), std::string::npos) << sentence;
}

TEST_P(block_test, past_the_last_spare_get_throws_and_the_pool_stays_usable) {
  filch::scheduler_options options = shape();
  options.spares = 2;
  filch::scheduler& pool = make_pool(std::move(options));
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  std::atomic<unsigned> refused{0};
  std::atomic<unsigned> served{0};
  // Each waits for a task of its own that another pool holds back, so that nobody can run it in place.
  const unsigned waiters = width() + 5;
  for (unsigned i = 0; i != waiters; ++i)
    pool.post([&, mine = elsewhere.submit([] {})]() mutable {
      const std::string sentence = sentence_of<filch::too_many_blocked>([&] { mine.get(); });
      if (sentence.empty()) {
        EXPECT_FALSE(mine.valid());
        served.fetch_add(1);
      } else {
        EXPECT_NE(sentence.find("scheduler_options::spares"), std::string::npos) << sentence;
        EXPECT_TRUE(mine.valid());
        refused.fetch_add(1);
      }
    });
  EXPECT_TRUE(eventually([&] { return refused.load() + pool.metrics().total().blocked_waits == waiters; }));
  EXPECT_EQ(pool.metrics().spares_in_use, 2U);
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
  far.release();
  pool.wait_idle();
  EXPECT_GE(served.load(), 2U);
  EXPECT_GE(refused.load(), 4U) << "one worker of " << width() << " must stay unblocked";
  EXPECT_EQ(served.load() + refused.load(), waiters);
}

TEST_P(block_test, without_spares_get_still_runs_what_nobody_has_started) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  options.spares = 0;
  filch::scheduler& pool = make_pool(std::move(options));
  EXPECT_EQ(pool.submit([&] { return pool.submit([&] { return pool.submit([] { return 42; }).get(); }).get(); }).get(),
            42);
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  const event go;
  auto far = elsewhere.submit([go] { return go.wait(); });
  pool.submit([&] { EXPECT_THROW((void)far.get(), filch::too_many_blocked); }).get();
  pool.submit([&] { EXPECT_THROW((void)far.wait_for(1h), filch::too_many_blocked); }).get();
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
  go.set();
  EXPECT_TRUE(far.get());
}

TEST_P(block_test, workers_of_two_pools_wait_for_each_other) {
  filch::scheduler& left = make_shaped_pool();
  filch::scheduler& right = make_shaped_pool();
  std::function<int(int)> there_and_back = [&](int depth) -> int {
    if (depth == 0) return 0;
    filch::scheduler& next = depth % 2 == 0 ? left : right;
    return next.submit(std::ref(there_and_back), depth - 1).get() + 1;
  };
  auto from_left = left.submit(std::ref(there_and_back), 20);
  auto from_right = right.submit(std::ref(there_and_back), 21);
  EXPECT_EQ(from_left.get(), 20);
  EXPECT_EQ(from_right.get(), 21);
}

TEST_P(block_test, waiting_for_another_pool_to_be_idle_or_to_end_makes_room_for_a_spare_too) {
  filch::scheduler& pool = make_shaped_pool();
  for (const bool ends : {false, true}) {
    filch::scheduler& other = make_shaped_pool();
    std::vector<filch::future<void>> waiting;
    for (unsigned i = 0; i != width(); ++i)
      waiting.push_back(pool.submit([&] {
        other.post([&] { pool.submit([] {}).get(); });  // which needs a worker of the pool that waits here
        ends ? (void)other.shutdown() : other.wait_idle();
      }));
    for (auto& each : waiting) {
      try {
        each.get();
      } catch (const filch::closed&) {
        EXPECT_TRUE(ends);  // another of these tasks was faster
      }
    }
  }
}

TEST_P(block_test, the_pool_has_its_width_again_when_the_blocking_is_over) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  for (int round = 0; round != 20; ++round) {
    held_workers far(elsewhere, 1);
    std::vector<filch::future<void>> blocked;
    for (int i = 0; i != 6; ++i) blocked.push_back(pool.submit([&] { elsewhere.submit([] {}).get(); }));
    EXPECT_TRUE(eventually([&] { return pool.metrics().spares_in_use == 6; }));
    far.release();
    for (auto& each : blocked) each.get();
    ASSERT_TRUE(eventually([&] { return pool.metrics().spares_in_use == 0; })) << "round " << round << '\n'
                                                                               << pool.metrics();
    crowd inside;
    for (int i = 0; i != 200; ++i)
      pool.post([&] {
        inside.enter();
        std::this_thread::yield();
        inside.leave();
      });
    pool.wait_idle();
    EXPECT_LE(inside.most(), width());
  }
}

TEST_P(block_test, while_workers_are_blocked_no_more_than_the_width_run) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  std::vector<filch::future<void>> blocked;
  for (int i = 0; i != 6; ++i) blocked.push_back(pool.submit([&] { elsewhere.submit([] {}).get(); }));
  EXPECT_TRUE(eventually([&] { return pool.metrics().spares_in_use == 6; }));
  crowd inside;
  std::vector<filch::future<void>> tasks;
  for (int i = 0; i != 500; ++i)
    tasks.push_back(pool.submit([&] {
      inside.enter();
      std::this_thread::yield();
      inside.leave();
    }));
  for (auto& each : tasks) each.get();
  EXPECT_LE(inside.most(), width());
  far.release();
  for (auto& each : blocked) each.get();
}

TEST_P(block_test, recursive_fork_and_get_never_runs_out_of_spares) {
  filch::scheduler& pool = make_shaped_pool();
  std::function<int(int)> fib = [&](int n) -> int {
    if (n < 2) return n;
    auto left = pool.submit(std::ref(fib), n - 1);
    const int right = fib(n - 2);
    return left.get() + right;
  };
  for (int round = 0; round != 3; ++round)
    EXPECT_EQ(pool.submit(std::ref(fib), sanitizer_slowdown == 1 ? 22 : 14).get(), sanitizer_slowdown == 1 ? 17'711 : 377);
}

TEST_P(block_test, a_wait_whose_time_is_up_just_when_the_task_ends_is_told_once) {
  filch::scheduler& pool = make_shaped_pool();
  for (unsigned round = 0; round != scaled(500) + 50; ++round) {
    auto future = pool.submit([turns = round % 200] {
      for (unsigned i = 0; i != turns; ++i) std::this_thread::yield();
      return true;
    });
    while (future.wait_for(std::chrono::microseconds(round % 50)) == filch::future_status::timeout) {
    }
    EXPECT_TRUE(future.get());
  }
}

// A wait is refused and ends at the same moment: its worker is counted as returned without having left. By that count a spare may
// go that is needed, so taking the count back must bring one again.
TEST_P(block_test, a_spare_that_went_by_a_false_return_comes_back) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
  const auto spares = [&](unsigned in_use) {
    return eventually([&] { return pool.metrics().spares_in_use == in_use; });
  };
  held_workers far(elsewhere, 1);
  std::vector<filch::future<void>> blocked;
  for (unsigned i = 0; i != width(); ++i) blocked.push_back(pool.submit([&] { elsewhere.submit([] {}).get(); }));
  ASSERT_TRUE(spares(width()));
  core.blocked_worker_returns();
  ASSERT_TRUE(spares(width() - 1));
  core.take_back_return();
  ASSERT_TRUE(spares(width()));
  {
    const held_workers all(pool, width());  // as many as ever
  }
  far.release();
  for (auto& each : blocked) each.get();
}

// The caller counts as one too many until the count is taken back: nobody is missing then, and no spare is needed.
TEST_P(block_test, a_false_return_by_which_no_spare_went_brings_none) {
  filch::scheduler& pool = make_shaped_pool();
  filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
  core.blocked_worker_returns();
  core.take_back_return();
  {
    const held_workers all(pool, width());
  }
  EXPECT_EQ(pool.metrics().spares_in_use, 0U);
  EXPECT_EQ(core.workers_in_use(), width()) << "a spare was made";
}

}  // namespace
