// Tasks that are counted first and queued later.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <utility>

#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/posted_task.hpp>
#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

using filch::priority;

constexpr priority each_priority[] = {priority::high, priority::normal, priority::low};

class reserve_test : public shaped_pool_test {
 protected:
  static filch::detail::pool_core& core_of(filch::scheduler& pool) { return filch::detail::scheduler_access::core(pool); }
};
INSTANTIATE_POOL_SHAPES(reserve_test);

template <class F>
filch::detail::task_node& make_post(filch::detail::pool_core& core, F function) {
  using task = filch::detail::posted_task<filch::detail::bound_call<F>>;
  return filch::detail::make_task<task>(core, std::in_place, std::move(function));
}

TEST_P(reserve_test, what_is_reserved_keeps_the_pool_from_its_end_until_it_has_run) {
  for (const priority rank : each_priority) {
    filch::scheduler& pool = make_shaped_pool();
    filch::detail::pool_core& core = core_of(pool);
    std::atomic<bool> ran{false};
    filch::detail::task_node& task = make_post(core, [&] { ran = true; });
    core.reserve(rank);
    EXPECT_EQ(pool.metrics().unfinished(), 1U);
    std::atomic<bool> ended{false};
    std::thread ends([&] {
      pool.shutdown();
      ended = true;
    });
    EXPECT_TRUE(eventually([&] {
      try {
        pool.post([] {});
        return false;
      } catch (const filch::closed&) {
        return true;
      }
    }));
    EXPECT_FALSE(ended);
    core.enqueue_reserved(rank, task);
    ends.join();
    EXPECT_TRUE(ran);
    EXPECT_EQ(pool.shutdown().running, 0U);
  }
}

TEST_P(reserve_test, a_task_queues_what_was_reserved_outside_and_the_other_way_round) {
  filch::scheduler& pool = make_shaped_pool();
  filch::detail::pool_core& core = core_of(pool);
  std::atomic<int> ran{0};
  for (const priority rank : each_priority) {
    filch::detail::task_node& from_outside = make_post(core, [&] { ran.fetch_add(1); });
    core.reserve(rank);
    filch::detail::task_node* const from_inside = pool.submit([&] {
      filch::detail::task_node& made = make_post(core, [&] { ran.fetch_add(1); });
      core.reserve(rank);
      core.enqueue_reserved(rank, from_outside);
      return &made;
    }).get();
    core.enqueue_reserved(rank, *from_inside);
    pool.wait_idle();
  }
  EXPECT_EQ(ran.load(), 6);
}

TEST_P(reserve_test, wakes_a_parked_worker) {
  filch::scheduler& pool = make_shaped_pool();
  filch::detail::pool_core& core = core_of(pool);
  for (const priority rank : each_priority) {
    const event ran;
    filch::detail::task_node& task = make_post(core, [ran] { ran.set(); });
    core.reserve(rank);
    EXPECT_TRUE(eventually([&] { return core.word(0).parked() != 0; }));
    core.enqueue_reserved(rank, task);
    EXPECT_TRUE(ran.wait());
  }
}

TEST_P(reserve_test, a_closed_pool_reserves_nothing_and_an_unknown_priority_is_named) {
  filch::scheduler& pool = make_shaped_pool();
  filch::detail::pool_core& core = core_of(pool);
  EXPECT_THROW(core.reserve(static_cast<priority>(9)), std::invalid_argument);
  pool.shutdown();
  EXPECT_THROW(core.reserve(priority::normal), filch::closed);
  EXPECT_EQ(pool.shutdown(), filch::shutdown_counts());
}

}  // namespace
