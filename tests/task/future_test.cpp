// The future's own rules: empty, moved, got once.
#include <filch/task/future.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <filch/task/executor_ref.hpp>

namespace {

using namespace std::chrono_literals;

using filch::executor_ref;
using filch::future;
using filch::future_status;
using filch::no_future_state;
using filch_tests::counted;
using filch_tests::fake_pool;

static_assert(!std::is_copy_constructible_v<future<int>> && !std::is_copy_assignable_v<future<int>>);
static_assert(std::is_nothrow_move_constructible_v<future<int>> && std::is_nothrow_move_assignable_v<future<int>>);

class future_test : public testing::Test {
 protected:
  ~future_test() override { EXPECT_EQ(counted::alive, before); }

  const int before = counted::alive;
  fake_pool pool;
  const executor_ref on{pool};
};

template <class Ask>
std::string what_is_said(Ask ask) {
  try {
    ask();
  } catch (const no_future_state& refused) {
    return refused.what();
  }
  return "nothing was thrown";
}

TEST_F(future_test, an_empty_one_says_so_whatever_it_is_asked) {
  future<int> empty;
  EXPECT_FALSE(empty.valid());
  EXPECT_NE(what_is_said([&] { (void)empty.get(); }).find("future::get()"), std::string::npos);
  EXPECT_NE(what_is_said([&] { (void)empty.get(filch::help); }).find("future::get()"), std::string::npos);
  EXPECT_NE(what_is_said([&] { empty.wait(); }).find("future::wait()"), std::string::npos);
  EXPECT_NE(what_is_said([&] { (void)empty.wait_for(1s); }).find("future::wait_for()"), std::string::npos);
  EXPECT_NE(what_is_said([&] { (void)empty.wait_until(std::chrono::system_clock::now()); }).find("future::wait_until()"),
            std::string::npos);
  EXPECT_NE(what_is_said([&] { (void)empty.ready(); }).find("future::ready()"), std::string::npos);
  EXPECT_NE(what_is_said([&] { (void)empty.cancel(); }).find("future::cancel()"), std::string::npos);
}

TEST_F(future_test, get_may_be_called_once_and_the_second_call_says_that) {
  auto result = on.submit([] { return 5; });
  ASSERT_TRUE(pool.run_next());
  EXPECT_TRUE(result.valid());
  EXPECT_EQ(result.get(), 5);
  EXPECT_FALSE(result.valid());
  EXPECT_NE(what_is_said([&] { (void)result.get(); }).find("get() may be called once"), std::string::npos);
}

TEST_F(future_test, a_get_that_throws_what_the_task_threw_empties_it_too) {
  auto result = on.submit([]() -> int { throw 3; });
  ASSERT_TRUE(pool.run_next());
  EXPECT_THROW((void)result.get(), int);
  EXPECT_FALSE(result.valid());
  EXPECT_THROW((void)result.get(), no_future_state);
}

TEST_F(future_test, moving_hands_the_task_on) {
  auto first = on.submit([] { return std::make_unique<int>(1); });
  auto second = std::move(first);
  EXPECT_FALSE(first.valid());
  EXPECT_TRUE(second.valid());
  future<std::unique_ptr<int>> third;
  third = std::move(second);
  EXPECT_FALSE(second.valid());
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(*third.get(), 1);
}

TEST_F(future_test, assigning_drops_the_task_that_was_there) {
  auto result = on.submit([kept = counted{}] { return counted{}; });
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(counted::alive, before + 1);
  result = future<counted>();
  EXPECT_EQ(counted::alive, before);
  EXPECT_FALSE(result.valid());
}

TEST_F(future_test, assigning_to_itself_changes_nothing) {
  auto result = on.submit([] { return 1; });
  auto& same = result;
  result = std::move(same);
  EXPECT_TRUE(result.valid());
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(result.get(), 1);
}

TEST_F(future_test, a_dropped_future_neither_waits_nor_cancels) {
  bool ran = false;
  { auto dropped = on.submit([&ran] { ran = true; }); }
  EXPECT_FALSE(ran);
  ASSERT_TRUE(pool.run_next());
  EXPECT_TRUE(ran);
}

TEST_F(future_test, a_zero_wait_only_looks_and_never_runs_the_task) {
  auto result = on.submit([] { return 1; });
  EXPECT_EQ(result.wait_for(0s), future_status::timeout);
  EXPECT_EQ(result.wait_for(-1h), future_status::timeout);
  EXPECT_EQ(result.wait_until(std::chrono::system_clock::time_point{}), future_status::timeout);
  EXPECT_EQ(result.wait_until(std::chrono::steady_clock::time_point::min()), future_status::timeout);
  EXPECT_EQ(pool.queued(), 1U);
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(result.wait_for(0s), future_status::ready);
  EXPECT_EQ(result.wait_until(std::chrono::steady_clock::time_point::min()), future_status::ready);
  EXPECT_TRUE(result.valid()) << "a wait leaves the result where it is";
  result.wait();
  EXPECT_EQ(result.get(), 1);
}

TEST_F(future_test, with_help_the_caller_runs_a_task_that_nobody_has_started) {
  auto result = on.submit([] { return 8; });
  EXPECT_EQ(result.get(filch::help), 8);
  EXPECT_EQ(pool.run_outside, 1);
  EXPECT_EQ(pool.queued(), 1U) << "its entry stays behind";
  EXPECT_TRUE(pool.run_next());
  EXPECT_EQ(pool.run_outside, 1);
}

}  // namespace
