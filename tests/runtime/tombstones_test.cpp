// Entries of tasks that get() ran in place do not pile up, even where nobody dequeues.
#include <vector>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using filch_tests::pool_test;

std::size_t injected(filch::scheduler& pool) {
  return filch::detail::scheduler_access::core(pool).injection().size_estimate();
}

/// One round of a task that submits `count` tasks and awaits them in the same order, so that none is the newest.
void submit_and_await(filch::scheduler& pool, int count) {
  std::vector<filch::future<int>> futures;
  for (int i = 0; i != count; ++i) futures.push_back(pool.submit([i] { return i; }));
  for (int i = 0; i != count; ++i) ASSERT_EQ(futures[static_cast<std::size_t>(i)].get(), i);
}

TEST_F(pool_test, a_task_that_submits_and_awaits_for_ever_leaves_no_growing_queue_behind) {
  filch::scheduler& pool = make_pool({.workers = 1, .deque_capacity = 64});
  constexpr int tasks_a_round = 1000;
  std::size_t most = 0;
  pool.submit([&] {
        for (int round = 0; round != 200; ++round) {
          submit_and_await(pool, tasks_a_round);
          most = std::max(most, injected(pool));
        }
      }).get();
  EXPECT_LT(most, 4U * tasks_a_round);
}

TEST_F(pool_test, an_awaited_newest_task_leaves_no_entry_at_all) {
  filch::scheduler& pool = make_pool({.workers = 1});
  filch::detail::worker& only = *filch::detail::scheduler_access::core(pool).worker_at(0);
  pool.submit([&] {
        submit_and_await(pool, 1);
        EXPECT_FALSE(only.thief().has_work());
      }).get();
}

}  // namespace
