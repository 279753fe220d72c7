// Cancelling one queued task: in time, and too late.
#include <filch/detail/task/cancel.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <filch/task/executor_ref.hpp>
#include <filch/task/future.hpp>

namespace {

using filch::executor_ref;
using filch::future;
using filch::task_cancelled;
using filch_tests::counted;
using filch_tests::fake_pool;

class cancel_test : public testing::Test {
 protected:
  ~cancel_test() override { EXPECT_EQ(counted::alive, before); }

  const int before = counted::alive;
  fake_pool pool;
  const executor_ref on{pool};
};

TEST_F(cancel_test, in_time_it_ends_the_callable_and_the_task_never_runs) {
  bool ran = false;
  future<int> asked = on.submit([&ran, held = counted()] {
    ran = true;
    return 42;
  });
  EXPECT_EQ(counted::alive, before + 1);
  EXPECT_TRUE(asked.cancel());
  EXPECT_EQ(counted::alive, before);
  EXPECT_TRUE(asked.valid());
  EXPECT_TRUE(asked.ready());
  EXPECT_EQ(pool.cancelled, 1);
  while (pool.run_next()) {}
  EXPECT_FALSE(ran);
  try {
    (void)asked.get();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const task_cancelled& cancelled) {
    EXPECT_NE(std::string(cancelled.what()).find("future::cancel()"), std::string::npos) << cancelled.what();
  }
  EXPECT_FALSE(asked.valid());
}

TEST_F(cancel_test, is_too_late_for_a_task_that_is_done_and_leaves_its_result) {
  future<int> asked = on.submit([] { return 42; });
  EXPECT_TRUE(pool.run_next());
  EXPECT_FALSE(asked.cancel());
  EXPECT_EQ(asked.get(), 42);
}

TEST_F(cancel_test, is_too_late_for_a_task_that_runs) {
  future<int>* self = nullptr;
  bool in_time = true;
  future<int> asked = on.submit([&] {
    in_time = self->cancel();
    return 42;
  });
  self = &asked;
  EXPECT_TRUE(pool.run_next());
  EXPECT_FALSE(in_time);
  EXPECT_EQ(asked.get(), 42);
}

TEST_F(cancel_test, the_second_time_is_too_late) {
  future<void> asked = on.submit([] {});
  EXPECT_TRUE(asked.cancel());
  EXPECT_FALSE(asked.cancel());
  EXPECT_EQ(pool.cancelled, 1);
  EXPECT_THROW(asked.get(), task_cancelled);
}

TEST_F(cancel_test, is_for_one_task_of_a_bulk) {
  std::vector<future<int>> asked = on.submit_bulk(std::vector<int>{1, 2, 3}, [held = counted()](int i) { return i; });
  EXPECT_TRUE(asked[1].cancel());
  EXPECT_EQ(counted::alive, before + 1) << "the others share it";
  while (pool.run_next()) {}
  EXPECT_EQ(counted::alive, before);
  EXPECT_EQ(asked[0].get(), 1);
  EXPECT_THROW(asked[1].get(), task_cancelled);
  EXPECT_EQ(asked[2].get(), 3);
}

TEST_F(cancel_test, frees_the_block_when_its_entry_has_been_dequeued_as_well) {
  const auto before_it = pool.blocks_out();
  {
    future<void> asked = on.submit([] {});
    EXPECT_TRUE(asked.cancel());
  }
  EXPECT_EQ(pool.blocks_out(), before_it + 1);
  EXPECT_TRUE(pool.run_next());
  EXPECT_EQ(pool.blocks_out(), before_it);
}

/// Throws where it ends.
struct thrower {
  thrower() = default;
  thrower(thrower&& other) noexcept : armed(std::exchange(other.armed, false)) {}
  ~thrower() noexcept(false) {
    if (armed) throw 7;
  }
  bool armed = true;
};

TEST_F(cancel_test, what_a_capture_throws_where_it_ends_becomes_the_result) {
  future<void> asked = on.submit([last = thrower()] {});
  EXPECT_TRUE(asked.cancel());
  EXPECT_THROW(asked.get(), int);
}

TEST_F(cancel_test, a_cancelled_task_is_no_exception_that_nobody_took) {
  { (void)on.submit([] {}).cancel(); }
  while (pool.run_next()) {}
  EXPECT_EQ(pool.tally().dropped(), 0U);
}

}  // namespace
