// Exceptions that nobody takes, counted once each, also after whoever made the tally is gone.
#include <filch/detail/task/exception_tally.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include <filch/task/executor_ref.hpp>

namespace {

using filch::executor_ref;
using filch::future;
using filch::detail::exception_tally;
using filch_tests::fake_pool;
using filch_tests::throws_when_destroyed;

TEST(exception_tally, it_lives_as_long_as_its_last_holder) {
  exception_tally* const tally = exception_tally::create();
  exception_tally* const share = tally->share();
  tally->count_dropped();
  tally->drop_holder();
  share->count_dropped();
  EXPECT_EQ(share->dropped(), 2U);
  share->drop_holder();
}

class dropped_exceptions : public testing::Test {
 protected:
  [[nodiscard]] future<int> failed() {
    future<int> made = on.submit([]() -> int { throw 1; });
    (void)pool.run_next();
    return made;
  }

  [[nodiscard]] static throws_when_destroyed bomb() {
    throws_when_destroyed made;
    made.armed = true;
    return made;
  }

  fake_pool pool;
  const executor_ref on{pool};
};

TEST_F(dropped_exceptions, one_whose_future_is_dropped_after_the_end_is_counted) {
  (void)failed();
  EXPECT_EQ(pool.tally().dropped(), 1U);
}

TEST_F(dropped_exceptions, one_whose_future_was_dropped_before_the_end_is_counted) {
  (void)on.submit([] { throw 1; });
  EXPECT_EQ(pool.tally().dropped(), 0U);
  (void)pool.run_next();
  EXPECT_EQ(pool.tally().dropped(), 1U);
}

TEST_F(dropped_exceptions, one_that_was_only_waited_for_is_counted) {
  future<int> waited_for = failed();
  waited_for.wait();
  EXPECT_EQ(pool.tally().dropped(), 0U);
  waited_for = {};
  EXPECT_EQ(pool.tally().dropped(), 1U);
}

TEST_F(dropped_exceptions, one_that_get_rethrew_is_not) {
  future<int> taken = failed();
  EXPECT_THROW((void)taken.get(), int);
  future<int> moved = failed();
  const auto elsewhere = std::move(moved);
  EXPECT_EQ(pool.tally().dropped(), 0U);
}

TEST_F(dropped_exceptions, one_of_a_destructor_is) {
  (void)on.submit([charge = bomb()] {});
  (void)pool.run_next();
  EXPECT_EQ(pool.tally().dropped(), 1U);
}

TEST_F(dropped_exceptions, those_of_a_batch_are) {
  (void)on.submit_bulk(std::vector<int>(3, 0), [](int) { throw 1; });
  while (pool.run_next()) {}
  EXPECT_EQ(pool.tally().dropped(), 3U);
}

TEST_F(dropped_exceptions, a_cancelled_task_threw_nothing) {
  (void)on.submit([] { throw 1; });
  (void)pool.cancel_next();
  const auto cancelled = on.submit([charge = bomb()] {});
  (void)pool.cancel_next();
  EXPECT_EQ(pool.tally().dropped(), 0U);
}

TEST_F(dropped_exceptions, a_value_in_a_dropped_future_is_none) {
  (void)on.submit([] { return 1; });
  (void)pool.run_next();
  EXPECT_EQ(pool.tally().dropped(), 0U);
}

}  // namespace
