// What a future of a pool answers to a thread outside.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include <filch/task/errors.hpp>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class waiting_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(waiting_test);

TEST_P(waiting_test, get_may_be_called_once_and_an_empty_future_says_so) {
  filch::scheduler& pool = make_shaped_pool();
  filch::future<int> future = pool.submit([] { return 1; });
  EXPECT_TRUE(future.valid());
  EXPECT_EQ(future.get(), 1);
  EXPECT_FALSE(future.valid());
  EXPECT_THROW((void)future.get(), filch::no_future_state);
  EXPECT_THROW((void)future.get(filch::help), filch::no_future_state);
  EXPECT_THROW(future.wait(), filch::no_future_state);
  EXPECT_THROW((void)future.wait_for(1s), filch::no_future_state);
  EXPECT_THROW((void)future.wait_until(std::chrono::steady_clock::now()), filch::no_future_state);
  EXPECT_THROW((void)future.ready(), filch::no_future_state);
  EXPECT_THROW((void)filch::future<void>().get(), filch::no_future_state);
  try {
    future.wait();
  } catch (const filch::error& error) {
    EXPECT_NE(std::string(error.what()).find("empty future"), std::string::npos) << error.what();
  }
}

TEST_P(waiting_test, a_future_moves_and_empties_its_source) {
  filch::scheduler& pool = make_shaped_pool();
  filch::future<int> first = pool.submit([] { return 1; });
  filch::future<int> second = std::move(first);
  EXPECT_FALSE(first.valid());
  first = pool.submit([] { return 2; });
  second = std::move(first);
  EXPECT_EQ(second.get(), 2);
}

TEST_P(waiting_test, waiting_leaves_the_result_where_it_is) {
  filch::scheduler& pool = make_shaped_pool();
  filch::future<int> future = pool.submit([] { return 1; });
  future.wait();
  EXPECT_TRUE(future.ready());
  EXPECT_EQ(future.wait_for(0s), filch::future_status::ready);
  EXPECT_EQ(future.wait_for(-1h), filch::future_status::ready);
  EXPECT_EQ(future.get(), 1);
}

TEST_P(waiting_test, a_wait_with_a_limit_ends_at_it_and_may_be_repeated) {
  filch::scheduler& pool = make_shaped_pool();
  const event go;
  filch::future<int> future = pool.submit([go] { return go.wait() ? 1 : 0; });
  EXPECT_FALSE(future.ready());
  EXPECT_EQ(future.wait_for(0s), filch::future_status::timeout);
  EXPECT_EQ(future.wait_for(std::chrono::hours::min()), filch::future_status::timeout);
  EXPECT_EQ(future.wait_for(0.25ms), filch::future_status::timeout);
  EXPECT_EQ(future.wait_until(std::chrono::steady_clock::now() + 1ms), filch::future_status::timeout);
  EXPECT_EQ(future.wait_until(std::chrono::system_clock::now() + 1ms), filch::future_status::timeout);
  EXPECT_EQ(future.wait_until(std::chrono::steady_clock::time_point::min()), filch::future_status::timeout);
  EXPECT_EQ(future.wait_until(std::chrono::system_clock::time_point::min()), filch::future_status::timeout);
  go.set();
  EXPECT_EQ(future.wait_for(std::chrono::hours::max()), filch::future_status::ready);
  EXPECT_EQ(future.wait_until(std::chrono::steady_clock::time_point::max()), filch::future_status::ready);
  EXPECT_EQ(future.get(), 1);
}

TEST_P(waiting_test, a_wait_without_end_ends_when_the_task_does) {
  filch::scheduler& pool = make_shaped_pool();
  using hours_of_steady_clock = std::chrono::time_point<std::chrono::steady_clock, std::chrono::hours>;
  for (int round = 0; round != 4; ++round) {
    const event waiting;
    filch::future<int> future = pool.submit([waiting] {
      EXPECT_TRUE(waiting.wait());
      std::this_thread::sleep_for(1ms);
      return 1;
    });
    waiting.set();
    const filch::future_status status =
        round == 0   ? future.wait_for(std::chrono::hours::max())
        : round == 1 ? future.wait_until(std::chrono::steady_clock::time_point::max())
        : round == 2 ? future.wait_until(std::chrono::system_clock::time_point::max())
                     : future.wait_until(hours_of_steady_clock::max());
    EXPECT_EQ(status, filch::future_status::ready);
    EXPECT_EQ(future.get(), 1);
  }
}

}  // namespace
