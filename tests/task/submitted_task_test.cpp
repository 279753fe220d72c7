// A task with a future: called once, its callable gone before anybody knows that it is done, every exception kept.
#include <filch/detail/task/submitted_task.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include <filch/task/executor_ref.hpp>

namespace {

using filch::executor_ref;
using filch_tests::counted;
using filch_tests::fake_pool;
using filch_tests::throws_when_destroyed;

class submitted_task : public testing::Test {
 protected:
  ~submitted_task() override { EXPECT_EQ(counted::alive, before) << "a capture leaked"; }

  const int before = counted::alive;
  fake_pool pool;
  const executor_ref on{pool};
};

TEST_F(submitted_task, a_task_runs_once_and_its_result_is_kept) {
  int calls = 0;
  auto result = on.submit([&calls, kept = counted{}] { return ++calls; });
  EXPECT_FALSE(result.ready());
  ASSERT_TRUE(pool.run_next());
  EXPECT_FALSE(pool.run_next());
  EXPECT_TRUE(result.ready());
  EXPECT_EQ(result.get(), 1);
  EXPECT_EQ(calls, 1);
}

TEST_F(submitted_task, the_callable_is_destroyed_before_the_task_is_ready) {
  static const filch::future<void>* watched = nullptr;
  static bool was_alive = true;
  static bool was_ready = true;
  auto result = on.submit([kept = counted{}] {});
  watched = &result;
  pool.before_publication = [] {
    was_alive = counted::alive != 0;
    was_ready = watched->ready();
  };
  ASSERT_TRUE(pool.run_next());
  EXPECT_FALSE(was_alive);
  EXPECT_FALSE(was_ready);
  EXPECT_TRUE(result.ready());
}

TEST_F(submitted_task, an_exception_of_the_callable_becomes_the_result_and_the_callable_dies_all_the_same) {
  auto result = on.submit([kept = counted{}]() -> int { throw std::runtime_error("thrown"); });
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(pool.last_outcome, filch::detail::run_outcome::exception);
  EXPECT_EQ(counted::alive, before);
  EXPECT_THROW((void)result.get(), std::runtime_error);
}

TEST_F(submitted_task, an_exception_of_a_captures_destructor_becomes_the_result) {
  throws_when_destroyed capture;
  auto result = on.submit([held = capture, kept = counted{}]() mutable {
    held.armed = true;
    return 5;
  });
  ASSERT_TRUE(pool.run_next());
  EXPECT_THROW((void)result.get(), int);
  EXPECT_EQ(counted::alive, before) << "the other captures die all the same";
}

TEST_F(submitted_task, an_exception_of_the_results_move_becomes_the_result) {
  int copies_left = 0;
  auto result = on.submit([&copies_left] {
    counted local;
    local.copies_left = &copies_left;
    return std::pair<int, counted>(1, std::move(local));
  });
  ASSERT_TRUE(pool.run_next());
  EXPECT_THROW((void)result.get(), int);
}

TEST_F(submitted_task, an_exception_of_the_move_out_of_get_empties_the_future_and_leaks_nothing) {
  int copies_left = -1;
  auto result = on.submit([&copies_left] {
    counted made;
    made.copies_left = &copies_left;
    return made;
  });
  ASSERT_TRUE(pool.run_next());
  copies_left = 0;
  EXPECT_THROW((void)result.get(), int);
  EXPECT_FALSE(result.valid());
}

TEST_F(submitted_task, a_stop_token_is_that_of_the_pool) {
  auto result = on.submit([](std::stop_token token) { return token.stop_requested(); });
  auto later = on.submit([](std::stop_token token, int value) { return token.stop_requested() ? value : 0; }, 7);
  ASSERT_TRUE(pool.run_next());
  pool.stop.request_stop();
  ASSERT_TRUE(pool.run_next());
  EXPECT_FALSE(result.get());
  EXPECT_EQ(later.get(), 7);
}

TEST_F(submitted_task, an_abandoned_task_is_not_called_and_its_captures_die) {
  bool called = false;
  auto result = on.submit([&called, kept = counted{}] { called = true; });
  ASSERT_TRUE(pool.cancel_next());
  EXPECT_EQ(counted::alive, before);
  EXPECT_FALSE(called);
  EXPECT_THROW(result.get(), filch::task_cancelled);
}

TEST_F(submitted_task, the_future_or_the_queue_may_be_the_last_to_let_go) {
  {
    auto dropped = on.submit([kept = counted{}] { return counted{}; });
    EXPECT_TRUE(dropped.valid());
  }
  EXPECT_NE(pool.blocks_out(), 0U) << "the queue still holds it";
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(pool.blocks_out(), 0U);
  EXPECT_EQ(counted::alive, before) << "a result that nobody takes is destroyed";
  auto kept = on.submit([] { return counted{}; });
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(counted::alive, before + 1);
  EXPECT_NE(pool.blocks_out(), 0U);
  (void)kept.get();
  EXPECT_EQ(pool.blocks_out(), 0U);
}

TEST_F(submitted_task, large_and_over_aligned_captures_are_kept_apart_from_the_slab) {
  struct alignas(256) wide {
    unsigned char bytes[2048] = {};
  };
  wide capture;
  capture.bytes[2047] = 9;
  auto result = on.submit([capture, kept = counted{}] {
    return reinterpret_cast<std::uintptr_t>(&capture) % alignof(wide) == 0 ? capture.bytes[2047] : 0;
  });
  EXPECT_EQ(pool.blocks_out(), 0U);
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(result.get(), 9);
}

TEST_F(submitted_task, a_result_that_refers_into_the_arguments_does_not_outlive_them) {
  struct object {
    std::string text;
  };
  auto result = on.submit(&object::text, object{std::string(100, 'x')});  // invoke gives std::string&&
  ASSERT_TRUE(pool.run_next());
  const std::string got = result.get();
  EXPECT_EQ(got, std::string(100, 'x'));
}

}  // namespace
