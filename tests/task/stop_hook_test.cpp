// A stop token of the task's own: before it is queued, while it is, while it runs, and afterwards.
#include <filch/detail/task/stop_hook.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
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

class stop_hook_test : public testing::Test {
 protected:
  ~stop_hook_test() override { EXPECT_EQ(counted::alive, before); }

  [[nodiscard]] filch::task_options options() const { return {.stop = source.get_token()}; }

  const int before = counted::alive;
  fake_pool pool;
  const executor_ref on{pool};
  std::stop_source source;
};

TEST_F(stop_hook_test, ends_a_queued_task_and_its_captures_at_once) {
  bool ran = false;
  future<int> asked = on.submit(options(), [&ran, held = counted()] {
    ran = true;
    return 42;
  });
  EXPECT_FALSE(asked.ready());
  EXPECT_EQ(counted::alive, before + 1);
  source.request_stop();
  EXPECT_EQ(counted::alive, before);
  EXPECT_TRUE(asked.ready());
  EXPECT_EQ(pool.cancelled, 1);
  EXPECT_TRUE(pool.run_next()) << "its entry";
  EXPECT_FALSE(ran);
  try {
    (void)asked.get();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const task_cancelled& cancelled) {
    EXPECT_NE(std::string(cancelled.what()).find("stop token"), std::string::npos) << cancelled.what();
  }
}

TEST_F(stop_hook_test, stopped_before_the_submission_it_ends_the_task_there) {
  source.request_stop();
  const auto blocks = pool.blocks_out();
  {
    future<void> asked = on.submit(options(), [held = counted()] {});
    EXPECT_TRUE(asked.ready());
    EXPECT_EQ(counted::alive, before);
    EXPECT_THROW(asked.get(), task_cancelled);
  }
  on.post(options(), [held = counted()] {});
  EXPECT_EQ(counted::alive, before);
  EXPECT_EQ(pool.cancelled, 2);
  EXPECT_EQ(pool.blocks_out(), blocks + 2);
  while (pool.run_next()) {}  // the entries
  EXPECT_EQ(pool.blocks_out(), blocks);
}

TEST_F(stop_hook_test, the_future_may_go_first_and_the_block_goes_with_the_entry) {
  const auto blocks = pool.blocks_out();
  { (void)on.submit(options(), [held = counted()] {}); }
  source.request_stop();
  EXPECT_EQ(counted::alive, before);
  EXPECT_EQ(pool.blocks_out(), blocks + 1);
  EXPECT_TRUE(pool.run_next());
  EXPECT_EQ(pool.blocks_out(), blocks);
}

TEST_F(stop_hook_test, comes_too_late_for_a_task_that_is_done) {
  future<int> asked = on.submit(options(), [] { return 42; });
  EXPECT_TRUE(pool.run_next());
  source.request_stop();
  EXPECT_EQ(asked.get(), 42);
  EXPECT_EQ(pool.cancelled, 0);
}

TEST_F(stop_hook_test, outlives_the_task_and_knows_it_no_more) {
  const auto blocks = pool.blocks_out();
  for (int i = 0; i != 3; ++i) {
    future<int> asked = on.submit(options(), [] { return 42; });
    EXPECT_TRUE(pool.run_next());
    EXPECT_EQ(asked.get(), 42);
  }
  EXPECT_EQ(pool.blocks_out(), blocks);
  source.request_stop();
}

TEST_F(stop_hook_test, a_task_that_runs_is_told_by_the_token_it_is_given) {
  bool before_it = true;
  bool after_it = false;
  future<void> asked = on.submit(options(), [&](const std::stop_token& stop) {
    before_it = stop.stop_requested();
    source.request_stop();
    after_it = stop.stop_requested();
  });
  EXPECT_TRUE(pool.run_next());
  EXPECT_NO_THROW(asked.get());
  EXPECT_FALSE(before_it);
  EXPECT_TRUE(after_it);
  EXPECT_FALSE(pool.stop.stop_requested()) << "it is the task's token alone";
}

TEST_F(stop_hook_test, a_task_that_runs_is_told_when_its_pool_stops) {
  bool told = false;
  future<void> asked = on.submit(options(), [&](const std::stop_token& stop) {
    pool.stop.request_stop();
    told = stop.stop_requested();
  });
  EXPECT_TRUE(pool.run_next());
  EXPECT_TRUE(told);
  EXPECT_FALSE(source.stop_requested());
  EXPECT_NO_THROW(asked.get());
}

TEST_F(stop_hook_test, a_callable_that_takes_no_token_runs_to_its_end) {
  future<int> asked = on.submit(options(), [&] {
    source.request_stop();
    return 42;
  });
  EXPECT_TRUE(pool.run_next());
  EXPECT_EQ(asked.get(), 42);
}

TEST_F(stop_hook_test, a_token_that_nobody_can_stop_is_none) {
  future<int> asked = on.submit({.stop = std::stop_token()}, [] { return 42; });
  std::stop_token orphan = std::stop_source().get_token();
  future<int> another = on.submit({.stop = orphan}, [] { return 43; });
  source.request_stop();
  while (pool.run_next()) {}
  EXPECT_EQ(asked.get(), 42);
  EXPECT_EQ(another.get(), 43);
}

TEST_F(stop_hook_test, ends_a_queued_post_too) {
  bool ran = false;
  on.post(options(), [&ran, held = counted()] { ran = true; });
  source.request_stop();
  EXPECT_EQ(counted::alive, before);
  EXPECT_TRUE(pool.run_next());
  EXPECT_FALSE(ran);
}

TEST_F(stop_hook_test, a_post_that_is_not_stopped_runs_and_its_exception_escapes) {
  on.post(options(), [] { throw 7; });
  EXPECT_TRUE(pool.run_next());
  EXPECT_NE(pool.unhandled, nullptr);
  source.request_stop();
  EXPECT_EQ(pool.cancelled, 0);
}

TEST_F(stop_hook_test, stops_a_group) {
  std::vector<future<int>> group;
  for (int i = 0; i != 10; ++i) group.push_back(on.submit(options(), [i, held = counted()] { return i; }));
  future<int> stranger = on.submit([] { return 42; });
  for (int i = 0; i != 4; ++i) EXPECT_TRUE(pool.run_next());
  source.request_stop();
  EXPECT_EQ(counted::alive, before);
  while (pool.run_next()) {}
  for (int i = 0; i != 4; ++i) EXPECT_EQ(group[static_cast<std::size_t>(i)].get(), i);
  for (std::size_t i = 4; i != 10; ++i) EXPECT_THROW((void)group[i].get(), task_cancelled);
  EXPECT_EQ(stranger.get(), 42);
}

TEST_F(stop_hook_test, ends_what_has_not_started_of_a_bulk_and_the_callable_with_the_last) {
  std::vector<future<int>> bulk = on.submit_bulk(options(), std::vector<int>{1, 2, 3}, [held = counted()](int i) { return i; });
  EXPECT_TRUE(pool.run_next());
  EXPECT_EQ(counted::alive, before + 1);
  source.request_stop();
  EXPECT_EQ(counted::alive, before);
  EXPECT_EQ(bulk[0].get(), 1);
  EXPECT_THROW((void)bulk[1].get(), task_cancelled);
  EXPECT_THROW((void)bulk[2].get(), task_cancelled);
}

TEST_F(stop_hook_test, a_bulk_that_is_stopped_before_it_begins_leaves_nothing) {
  source.request_stop();
  const auto blocks = pool.blocks_out();
  {
    auto bulk = on.submit_bulk(options(), std::vector<int>{1, 2, 3}, [held = counted()](int i) { return i; });
    on.post_bulk(options(), std::vector<int>{1, 2, 3}, [held = counted()](int) {});
    EXPECT_EQ(counted::alive, before);
    while (pool.run_next()) {}
    for (auto& each : bulk) EXPECT_THROW((void)each.get(), task_cancelled);
  }
  EXPECT_EQ(pool.blocks_out(), blocks);
}

TEST_F(stop_hook_test, tasks_of_a_bulk_that_run_are_told) {
  int told = 0;
  on.post_bulk(options(), std::vector<int>{1, 2}, [&](const std::stop_token& stop, int i) {
    if (i == 1) source.request_stop();
    told += stop.stop_requested() ? 1 : 0;
  });
  EXPECT_TRUE(pool.run_next());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(pool.cancelled, 1) << "the second had not started";
}

TEST_F(stop_hook_test, a_capture_may_hold_the_future_and_the_source) {
  const auto blocks = pool.blocks_out();
  auto held = std::make_shared<std::optional<future<int>>>();
  *held = on.submit(options(), [held, stopping = std::make_unique<std::stop_source>(source), mark = counted()] { return 42; });
  std::stop_source last = std::exchange(source, std::stop_source(std::nostopstate));
  const std::weak_ptr<std::optional<future<int>>> watched = held;
  held.reset();
  last.request_stop();
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(counted::alive, before);
  EXPECT_TRUE(pool.run_next());
  EXPECT_EQ(pool.blocks_out(), blocks);
}

TEST_F(stop_hook_test, a_future_may_cancel_what_a_token_could_stop) {
  future<void> asked = on.submit(options(), [held = counted()] {});
  EXPECT_TRUE(asked.cancel());
  EXPECT_EQ(counted::alive, before);
  source.request_stop();
  EXPECT_EQ(pool.cancelled, 1);
  EXPECT_THROW(asked.get(), task_cancelled);
  future<void> stopped = on.submit(options(), [] {});
  EXPECT_FALSE(stopped.cancel());
}

TEST_F(stop_hook_test, a_pool_that_refuses_leaves_nothing_behind) {
  const auto blocks = pool.blocks_out();
  pool.refusing = true;
  EXPECT_THROW((void)on.submit(options(), [held = counted()] {}), filch::closed);
  EXPECT_THROW(on.post(options(), [held = counted()] {}), filch::closed);
  EXPECT_THROW((void)on.submit_bulk(options(), std::vector<int>{1, 2}, [held = counted()](int) {}), filch::closed);
  EXPECT_EQ(counted::alive, before);
  EXPECT_EQ(pool.blocks_out(), blocks);
  source.request_stop();
  EXPECT_EQ(pool.cancelled, 0);
}

TEST_F(stop_hook_test, without_memory_to_queue_it_nothing_is_left_whether_it_was_stopped_or_not) {
  const auto blocks = pool.blocks_out();
  pool.no_room = true;
  for (const bool stopped : {false, true}) {
    if (stopped) source.request_stop();
    EXPECT_THROW((void)on.submit(options(), [held = counted()] {}), std::bad_alloc);
    EXPECT_THROW(on.post(options(), [held = counted()](const std::stop_token&) {}), std::bad_alloc);
    EXPECT_THROW((void)on.submit_bulk(options(), std::vector<int>{1, 2}, [held = counted()](int) {}), std::bad_alloc);
    EXPECT_THROW(on.post_bulk(options(), std::vector<int>{1, 2}, [held = counted()](int) {}), std::bad_alloc);
    EXPECT_EQ(counted::alive, before);
    EXPECT_EQ(pool.blocks_out(), blocks);
  }
  source.request_stop();
  EXPECT_EQ(pool.cancelled, 0);
}

TEST_F(stop_hook_test, what_cannot_be_copied_leaves_nothing_behind) {
  const auto blocks = pool.blocks_out();
  int copies = 100;
  const counted original(&copies);
  const auto function = [original](const std::stop_token&) {};
  const std::vector<counted> range(5, original);
  const auto of_many = [original](const std::stop_token&, const counted&) {};
  copies = 0;
  EXPECT_THROW((void)on.submit(options(), function), int);
  copies = 0;
  EXPECT_THROW(on.post(options(), function), int);
  for (const int before_the_throw : {0, 3}) {
    copies = before_the_throw;
    EXPECT_THROW((void)on.submit_bulk(options(), range, of_many), int);
    copies = before_the_throw;
    EXPECT_THROW(on.post_bulk(options(), range, of_many), int);
  }
  EXPECT_EQ(pool.blocks_out(), blocks);
  source.request_stop();
}

TEST_F(stop_hook_test, what_a_capture_throws_where_it_ends_becomes_the_result) {
  auto thrower = filch_tests::throws_when_destroyed();
  thrower.armed = true;
  future<void> asked = on.submit(options(), [last = std::move(thrower)] {});
  source.request_stop();
  EXPECT_THROW(asked.get(), int);
}

TEST_F(stop_hook_test, a_capture_may_hold_the_options) {
  source.request_stop();
  auto own = std::make_unique<filch::task_options>(options());
  const filch::task_options& given = *own;
  on.post(given, [own = std::move(own)] {});
  auto elements = std::make_unique<filch::task_options>(options());
  const filch::task_options& of_bulk = *elements;
  std::vector<std::unique_ptr<filch::task_options>> range;
  range.push_back(std::move(elements));
  range.push_back(nullptr);
  on.post_bulk(of_bulk, std::move(range), [](const std::unique_ptr<filch::task_options>&) {});
  EXPECT_EQ(pool.cancelled, 3);
}

// The callback runs on the thread that stops while the task is dequeued, dropped and submitted on another.
TEST_F(stop_hook_test, races_with_the_worker_and_one_of_them_ends_the_task) {
  int ran = 0;
  int cancelled = 0;
  for (int round = 0; round != 2'000; ++round) {
    std::stop_source own;
    std::atomic<bool> go{false};
    std::thread stopping([&] {
      while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
      own.request_stop();
    });
    if (round % 2 == 0) go.store(true, std::memory_order_release);
    future<int> asked = on.submit({.stop = own.get_token()}, [&ran] { return ++ran; });
    go.store(true, std::memory_order_release);
    (void)pool.run_next();
    stopping.join();
    try {
      EXPECT_EQ(asked.get(), ran);
    } catch (const task_cancelled&) {
      ++cancelled;
    }
  }
  EXPECT_EQ(ran + cancelled, 2'000);
}

}  // namespace
