// Whole lives of pools, very often: what happens once in a million rounds happens here.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;

class life_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(life_test);

void live_and_die(const filch::scheduler_options& options, unsigned rounds) {
  const std::size_t threads = thread_count();
  for (unsigned round = 0; round != rounds; ++round) ASSERT_EQ(filch::scheduler(options).submit([] { return 42; }).get(), 42);
  EXPECT_TRUE(no_thread_is_left(threads));
}

TEST_P(life_test, a_pool_comes_into_being_runs_a_task_and_goes) {
  live_and_die(shape(), scaled((long_form() ? 100'000 : 5'000) / width()));
}

/// A hundred thousand lives of one worker that does not spin, where a hang cannot hide; in parts, each far from its watchdog.
class parts_of_many_lives : public pool_test, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(part, parts_of_many_lives, testing::Range(0, 10));

TEST_P(parts_of_many_lives, a_pool_comes_into_being_runs_a_task_and_goes) {
  live_and_die({.workers = 1, .spin = 0ns}, scaled(10'000));
}

TEST_P(life_test, a_pool_comes_into_being_and_goes_without_a_task) {
  for (unsigned round = 0; round != scaled(2'000 / width()); ++round) const filch::scheduler pool(shape());
}

TEST_P(life_test, a_pool_goes_while_its_task_still_runs) {
  for (unsigned round = 0; round != scaled(2'000 / width()); ++round) {
    std::atomic<int> ran{0};
    {
      filch::scheduler pool(shape());
      for (int i = 0; i != 4; ++i) (void)pool.submit([&] { ran.fetch_add(1); });
    }
    ASSERT_EQ(ran.load(), 4);
  }
}

TEST_P(life_test, every_round_of_one_task_wakes_a_parked_worker) {
  filch::scheduler_options options = shape();
  options.spin = 0ns;
  filch::scheduler& pool = make_pool(std::move(options));
  const unsigned rounds = long_form() ? 10'000'000 : scaled(50'000);
  for (unsigned round = 0; round != rounds; ++round)
    ASSERT_EQ(pool.submit([round] { return round; }).get(), round);
}

TEST_P(life_test, rounds_of_tasks_that_submit_tasks_leave_nobody_behind) {
  filch::scheduler& pool = make_shaped_pool();
  const unsigned rounds = long_form() ? 1'000'000 : scaled(10'000);
  for (unsigned round = 0; round != rounds; ++round) {
    std::atomic<unsigned> left{3};
    const event done;
    for (int i = 0; i != 3; ++i)
      pool.post([&, done] {
        if (left.fetch_sub(1) == 1) done.set();
      });
    ASSERT_TRUE(done.wait()) << pool.metrics();
  }
}

TEST_P(life_test, deques_of_two_spill_without_end_and_each_task_runs_once) {
  filch::scheduler_options options = shape();
  options.workers = std::max<std::int64_t>(4, GetParam().workers);  // an owner and three thieves at least
  options.deque_capacity = 2;
  filch::scheduler& pool = make_pool(std::move(options));
  const unsigned rounds = long_form() ? 1'000 : scaled(60);
  for (unsigned round = 0; round != rounds; ++round) {
    std::vector<std::atomic<int>> runs(1'000);
    pool.submit([&] {
          for (std::size_t i = 0; i != runs.size(); i += 2)
            pool.post([&, i] {
              pool.post([&, i] { runs[i + 1].fetch_add(1); });
              runs[i].fetch_add(1);
            });
        }).get();
    pool.wait_idle();
    for (std::size_t i = 0; i != runs.size(); ++i) ASSERT_EQ(runs[i].load(), 1) << "task " << i << " of round " << round;
  }
}

TEST_P(life_test, a_tree_of_tasks_that_wait_for_their_children_comes_to_its_end) {
  filch::scheduler& pool = make_shaped_pool();
  std::function<unsigned(unsigned)> grow = [&](unsigned depth) -> unsigned {
    if (depth == 0) return 1;
    std::vector<filch::future<unsigned>> children;
    for (int i = 0; i != 3; ++i) children.push_back(pool.submit(std::ref(grow), depth - 1));
    unsigned sum = 1;
    for (auto& each : children) sum += each.get();
    return sum;
  };
  for (unsigned round = 0; round != scaled(40); ++round) ASSERT_EQ(pool.submit(std::ref(grow), 6U).get(), 1'093U);
}

}  // namespace
