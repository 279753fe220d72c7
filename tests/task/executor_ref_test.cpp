// The handle through which tasks are made: what it refuses, it refuses with nothing queued and nothing leaked.
#include <filch/task/executor_ref.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using filch::executor_ref;
using filch_tests::counted;
using filch_tests::fake_pool;
using filch_tests::throws_when_destroyed;

class executor_ref_test : public testing::Test {
 protected:
  ~executor_ref_test() override { EXPECT_EQ(counted::alive, before) << "a capture leaked"; }

  void expect_nothing_left() {
    EXPECT_EQ(pool.queued(), 0U);
    EXPECT_EQ(pool.blocks_out(), 0U);
    EXPECT_EQ(counted::alive, before);
  }

  const int before = counted::alive;
  fake_pool pool;
  const executor_ref on{pool};
};

TEST_F(executor_ref_test, two_of_one_pool_are_equal_and_one_is_one_word) {
  fake_pool other;
  EXPECT_EQ(on, executor_ref(pool));
  EXPECT_NE(on, executor_ref(other));
  static_assert(std::is_trivially_copyable_v<executor_ref> && sizeof(executor_ref) == sizeof(void*));
  filch::detail::this_thread_slab = nullptr;
}

TEST_F(executor_ref_test, a_priority_goes_with_every_kind_of_submission) {
  const filch::task_options low{.priority = filch::priority::low};
  const auto rank = [&] { return std::exchange(pool.last_rank, filch::priority::normal); };
  auto one = on.submit(low, [](int i) { return i; }, 7);
  EXPECT_EQ(rank(), filch::priority::low);
  on.post({.priority = filch::priority::high}, [] {});
  EXPECT_EQ(rank(), filch::priority::high);
  auto many = on.submit_bulk(low, std::vector<int>{1, 2}, [](int i) { return i; });
  EXPECT_EQ(rank(), filch::priority::low);
  on.post_bulk(low, std::vector<int>{1, 2}, [](int) {});
  EXPECT_EQ(rank(), filch::priority::low);
  on.post_bulk(low, std::vector<int>{}, [](int) {});
  EXPECT_EQ(rank(), filch::priority::low);
  while (pool.run_next()) {}
  EXPECT_EQ(one.get(), 7);
  EXPECT_EQ(many[1].get(), 2);
}

TEST_F(executor_ref_test, an_empty_callable_is_refused_at_the_call) {
  const std::function<void()> empty;
  EXPECT_THROW((void)on.submit(empty), std::invalid_argument);
  EXPECT_THROW(on.post(empty), std::invalid_argument);
  const std::function<void(int)> empty_for_each;
  EXPECT_THROW((void)on.submit_bulk(std::vector<int>{1}, empty_for_each), std::invalid_argument);
  EXPECT_THROW(on.post_bulk(std::vector<int>{}, empty_for_each), std::invalid_argument);
  expect_nothing_left();
}

TEST_F(executor_ref_test, an_enqueue_that_throws_leaves_nothing) {
  pool.refusing = true;
  EXPECT_THROW((void)on.submit([kept = counted{}] {}), filch::closed);
  EXPECT_THROW(on.post([kept = counted{}] {}), filch::closed);
  // Made in one step with the submission, since no user code runs for them.
  EXPECT_THROW((void)on.submit([] { return 1; }), filch::closed);
  EXPECT_THROW(on.post([] {}), filch::closed);
  expect_nothing_left();
}

TEST_F(executor_ref_test, what_a_refused_tasks_destructor_throws_gives_way_to_the_reason) {
  pool.refusing = true;
  throws_when_destroyed capture;
  capture.armed = true;
  const auto refuse = [&] { (void)on.submit([held = std::move(capture)] {}); };
  EXPECT_THROW(refuse(), filch::closed);
  expect_nothing_left();
}

TEST_F(executor_ref_test, memory_that_runs_out_leaves_nothing) {
  pool.out_of_memory = true;
  EXPECT_THROW((void)on.submit([kept = counted{}] {}), std::bad_alloc);
  pool.out_of_memory = true;
  EXPECT_THROW(on.post([] {}), std::bad_alloc);
  expect_nothing_left();
}

TEST_F(executor_ref_test, a_callable_or_an_argument_that_cannot_be_copied_leaves_nothing) {
  int copies_left = -1;
  counted argument;
  argument.copies_left = &copies_left;
  copies_left = 0;
  EXPECT_THROW((void)on.submit([](const counted&) {}, argument), int);
  copies_left = 0;
  EXPECT_THROW(on.post([](const counted&, const counted&) {}, counted{}, argument), int);
  EXPECT_EQ(pool.queued(), 0U);
  EXPECT_EQ(pool.blocks_out(), 0U);
  EXPECT_EQ(counted::alive, before + 1);
  copies_left = -1;
}

TEST_F(executor_ref_test, tasks_are_queued_in_the_order_of_their_submission) {
  std::vector<int> order;
  on.post([&order] { order.push_back(1); });
  on.post([&order, kept = counted{}] { order.push_back(2); });
  auto third = on.submit([&order] { order.push_back(3); });
  while (pool.run_next()) {}
  EXPECT_TRUE(third.ready());
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

}  // namespace
