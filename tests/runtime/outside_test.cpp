// Tasks that a thread outside runs, because it waits and offers help.
#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <functional>
#include <thread>
#include <vector>

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

}  // namespace
