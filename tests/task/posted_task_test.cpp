// A task without a future: its exception is left for the pool's hook.
#include <filch/detail/task/posted_task.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>

#include <filch/task/executor_ref.hpp>

namespace {

using filch::executor_ref;
using filch_tests::counted;
using filch_tests::fake_pool;
using filch_tests::throws_when_destroyed;

class posted_task : public testing::Test {
 protected:
  ~posted_task() override { EXPECT_EQ(counted::alive, before) << "a capture leaked"; }

  const int before = counted::alive;
  fake_pool pool;
  const executor_ref on{pool};
};

TEST_F(posted_task, a_task_runs_once_and_is_gone) {
  int calls = 0;
  on.post([&calls, kept = counted{}](int by) { calls += by; }, 2);
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(pool.last_outcome, filch::detail::run_outcome::value);
  EXPECT_EQ(pool.unhandled, nullptr);
  EXPECT_EQ(pool.blocks_out(), 0U);
}

TEST_F(posted_task, a_result_is_thrown_away) {
  on.post([] { return counted{}; });
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(counted::alive, before);
}

TEST_F(posted_task, an_exception_is_left_for_the_hook) {
  on.post([kept = counted{}] { throw std::runtime_error("thrown"); });
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(pool.last_outcome, filch::detail::run_outcome::exception);
  EXPECT_EQ(counted::alive, before);
  ASSERT_NE(pool.unhandled, nullptr);
  EXPECT_THROW(std::rethrow_exception(pool.unhandled), std::runtime_error);
}

TEST_F(posted_task, an_exception_of_a_captures_destructor_is_left_for_the_hook) {
  throws_when_destroyed capture;
  on.post([held = capture, kept = counted{}]() mutable { held.armed = true; });
  ASSERT_TRUE(pool.run_next());
  ASSERT_NE(pool.unhandled, nullptr);
  EXPECT_THROW(std::rethrow_exception(pool.unhandled), int);
}

TEST_F(posted_task, an_abandoned_task_is_not_called_and_its_captures_die) {
  bool called = false;
  on.post([&called, kept = counted{}] { called = true; });
  ASSERT_TRUE(pool.cancel_next());
  EXPECT_FALSE(called);
  EXPECT_EQ(pool.blocks_out(), 0U);
}

}  // namespace
