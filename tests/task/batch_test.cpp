// Many tasks that share one callable: it dies with the last of them, and each has a result of its own.
#include <filch/detail/task/batch.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <filch/task/executor_ref.hpp>

namespace {

using filch::executor_ref;
using filch_tests::counted;
using filch_tests::fake_pool;
using filch_tests::throws_when_destroyed;

class batch : public testing::Test {
 protected:
  ~batch() override { EXPECT_EQ(counted::alive, before) << "the callable or an element leaked"; }

  const int before = counted::alive;
  fake_pool pool;
  const executor_ref on{pool};
};

TEST_F(batch, each_element_is_a_task_with_a_result_of_its_own_in_the_order_of_the_range) {
  const std::vector<int> numbers{1, 2, 3};
  auto results = on.submit_bulk(numbers, [kept = counted{}](int number) { return 10 * number; });
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(pool.queued(), 3U);
  while (pool.run_next()) {}
  for (std::size_t i = 0; i != 3; ++i) EXPECT_EQ(results[i].get(), 10 * numbers[i]);
}

TEST_F(batch, the_callable_dies_with_the_last_item_before_that_one_is_ready) {
  static int alive_before_publication = 0;
  auto results = on.submit_bulk(std::vector<int>{1, 2, 3}, [kept = counted{}](int) {});
  EXPECT_EQ(counted::alive, before + 1) << "the callable is kept once";
  pool.before_publication = [] { alive_before_publication = counted::alive; };
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(alive_before_publication, before + 1);
  ASSERT_TRUE(pool.cancel_next());
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(alive_before_publication, before);
  EXPECT_NO_THROW(results[0].get());
  EXPECT_THROW(results[1].get(), filch::task_cancelled);
  EXPECT_NO_THROW(results[2].get());
}

TEST_F(batch, an_element_dies_with_its_own_item) {
  std::vector<counted> elements(3);
  auto results = on.submit_bulk(std::move(elements), [](const counted&) {});
  elements.clear();
  EXPECT_EQ(counted::alive, before + 3);
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(counted::alive, before + 2);
  ASSERT_TRUE(pool.cancel_next());
  EXPECT_EQ(counted::alive, before + 1);
  results.clear();
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(counted::alive, before);
}

TEST_F(batch, the_block_goes_when_the_last_future_lets_go) {
  auto results = on.submit_bulk(std::vector<int>{1, 2, 3}, [](int number) { return number; });
  while (pool.run_next()) {}
  EXPECT_NE(pool.blocks_out(), 0U);
  results.erase(results.begin());
  EXPECT_EQ(results[0].get(), 2);
  EXPECT_NE(pool.blocks_out(), 0U);
  results.clear();
  EXPECT_EQ(pool.blocks_out(), 0U);
}

TEST_F(batch, one_item_that_throws_spoils_no_other) {
  auto results = on.submit_bulk(std::vector<int>{0, 1, 2}, [kept = counted{}](int number) {
    if (number == 1) throw std::runtime_error("one");
    return number;
  });
  while (pool.run_next()) {}
  EXPECT_EQ(results[0].get(), 0);
  EXPECT_THROW((void)results[1].get(), std::runtime_error);
  EXPECT_EQ(results[2].get(), 2);
}

TEST_F(batch, an_exception_of_an_elements_destructor_becomes_its_result_and_the_callable_dies_all_the_same) {
  for (const bool posted : {false, true}) {
    std::vector<throws_when_destroyed> elements(2);
    const auto arm_the_first = [kept = counted{}, first = std::make_shared<bool>(true)](throws_when_destroyed&& element) {
      element.armed = std::exchange(*first, false);
    };
    if (posted) {
      on.post_bulk(elements, arm_the_first);
      ASSERT_TRUE(pool.run_next());
      ASSERT_NE(pool.unhandled, nullptr);
      ASSERT_TRUE(pool.run_next());
      EXPECT_EQ(pool.unhandled, nullptr);
    } else {
      auto results = on.submit_bulk(elements, arm_the_first);
      while (pool.run_next()) {}
      EXPECT_THROW(results[0].get(), int);
      EXPECT_NO_THROW(results[1].get());
    }
    EXPECT_EQ(pool.blocks_out(), 0U);
    EXPECT_EQ(counted::alive, before + 1) << "the test's own copy";
  }
}

TEST_F(batch, an_exception_of_the_callables_destructor_goes_to_the_last_item) {
  struct callable {
    std::shared_ptr<bool> armed = std::make_shared<bool>(false);
    throws_when_destroyed capture;
    void operator()(int) const { const_cast<callable*>(this)->capture.armed = true; }
  };
  auto results = on.submit_bulk(std::vector<int>{1, 2}, callable{});
  ASSERT_TRUE(pool.run_next());
  ASSERT_TRUE(pool.run_next());
  EXPECT_NO_THROW(results[0].get());
  EXPECT_THROW(results[1].get(), int);
}

TEST_F(batch, a_stop_token_is_given_to_who_can_take_one) {
  pool.stop.request_stop();
  auto results = on.submit_bulk(std::vector<int>{3}, [](const std::stop_token& token, int number) {
    return token.stop_requested() ? number : 0;
  });
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(results[0].get(), 3);
}

TEST_F(batch, a_posted_batch_runs_and_is_gone) {
  int sum = 0;
  on.post_bulk(std::vector<int>{1, 2, 3}, [&sum, kept = counted{}](int number) {
    sum += number;
    if (number == 2) throw std::runtime_error("two");
  });
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(pool.unhandled, nullptr);
  ASSERT_TRUE(pool.run_next());
  EXPECT_NE(pool.unhandled, nullptr);
  EXPECT_NE(pool.blocks_out(), 0U);
  ASSERT_TRUE(pool.cancel_next());
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(pool.blocks_out(), 0U);
}

}  // namespace
