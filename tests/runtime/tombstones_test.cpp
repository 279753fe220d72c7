// Entries of tasks that get() ran in place do not pile up, even where nobody dequeues.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <filch/runtime/this_worker.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

/// A pool of which one worker is free, which is what makes its entries stay where they are.
class tombstones_test : public shaped_pool_test {
 protected:
  filch::scheduler& make_held_pool(std::size_t deque_capacity) {
    filch::scheduler_options options = shape();
    options.deque_capacity = deque_capacity;
    filch::scheduler& pool = make_pool(std::move(options));
    held_.emplace(pool, width() - 1);
    return pool;
  }
  void TearDown() override {
    held_.reset();
    shaped_pool_test::TearDown();
  }

 private:
  std::optional<held_workers> held_;
};
INSTANTIATE_POOL_SHAPES(tombstones_test);

std::size_t injected(filch::scheduler& pool) {
  return filch::detail::scheduler_access::core(pool).injection().size_estimate();
}

/// One round of a task that submits `count` tasks and awaits them in the same order, so that none is the newest.
void submit_and_await(filch::scheduler& pool, int count) {
  std::vector<filch::future<int>> futures;
  for (int i = 0; i != count; ++i) futures.push_back(pool.submit([i] { return i; }));
  for (int i = 0; i != count; ++i) ASSERT_EQ(futures[static_cast<std::size_t>(i)].get(), i);
}

TEST_P(tombstones_test, a_task_that_submits_and_awaits_for_ever_leaves_no_growing_queue_behind) {
  filch::scheduler& pool = make_held_pool(64);
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

TEST_P(tombstones_test, an_awaited_newest_task_leaves_no_entry_at_all) {
  filch::scheduler& pool = make_held_pool(1024);
  pool.submit([&] {
        submit_and_await(pool, 1);
        filch::detail::worker& own = *filch::detail::scheduler_access::core(pool).worker_at(*filch::this_worker());
        EXPECT_FALSE(own.thief().has_work());
      }).get();
}

TEST_P(tombstones_test, a_sweep_goes_on_as_long_as_it_finds_tombstones) {
  filch::scheduler& pool = make_held_pool(16);  // spills 8, sweeps 4 at a time
  pool.submit([&] {
        auto injected_at_once = pool.submit_bulk(std::vector<int>(9), [](int) {});
        for (auto& each : injected_at_once) each.get();
        EXPECT_EQ(injected(pool), 9U);
        std::vector<filch::future<void>> queued;
        for (int i = 0; i != 16; ++i) queued.push_back(pool.submit([] {}));
        for (std::size_t i = 0; i != 7; ++i) queued[i].get();
        queued.push_back(pool.submit([] {}));  // 7 tombstones and the task behind them make room
        EXPECT_EQ(injected(pool), 1U);
      }).get();
}

}  // namespace
