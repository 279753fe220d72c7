// Waiting: in place, parked, with a time limit; what a worker does differently; and deadlines of all kinds.
#include <filch/detail/task/wait.hpp>

#include "base/stampede.hpp"
#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <ratio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <filch/task/executor_ref.hpp>

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

using filch::executor_ref;
using filch::future_status;
using filch::detail::deadline_after;
using filch::detail::on_steady_clock;
using filch::detail::task_node;
using filch_tests::budget;
using filch_tests::crowd;
using filch_tests::dice;
using filch_tests::fake_pool;
using filch_tests::stampede;
using filch_tests::tries;

// --- deadlines ---

template <class Duration>
void expect_deadline(Duration wait, steady_clock::duration at_least) {
  const auto before = steady_clock::now();
  const auto deadline = deadline_after(wait);
  const auto after = steady_clock::now();
  EXPECT_GE(deadline, before + at_least);
  EXPECT_LE(deadline, after + at_least + 1ns);
}

TEST(deadline, an_ordinary_wait_ends_when_it_says) {
  expect_deadline(5ms, 5ms);
  expect_deadline(2h, 2h);
  expect_deadline(1ns, 1ns);
}

TEST(deadline, no_wait_and_less_is_over_at_once) {
  expect_deadline(0s, 0ns);
  expect_deadline(-1h, 0ns);
  expect_deadline(std::chrono::hours::min(), 0ns);
  expect_deadline(steady_clock::duration::min(), 0ns);
  expect_deadline(std::chrono::duration<double>(-std::numeric_limits<double>::infinity()), 0ns);
}

TEST(deadline, no_number_of_seconds_is_over_at_once) {
  const auto before = steady_clock::now();
  const auto deadline = deadline_after(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_GE(deadline, before);
  EXPECT_LE(deadline, steady_clock::now());
}

TEST(deadline, a_wait_longer_than_the_clock_ends_at_its_last_moment) {
  constexpr auto last = steady_clock::time_point::max();
  EXPECT_EQ(deadline_after(steady_clock::duration::max()), last);
  EXPECT_EQ(deadline_after(std::chrono::hours::max()), last);
  EXPECT_EQ(deadline_after(std::chrono::years::max()), last);
  EXPECT_EQ(deadline_after(std::chrono::duration<double>(1e300)), last);
  EXPECT_EQ(deadline_after(std::chrono::duration<double>(std::numeric_limits<double>::infinity())), last);
  EXPECT_EQ(deadline_after(std::chrono::duration<float, std::nano>(std::numeric_limits<float>::max())), last);
}

TEST(deadline, fractions_are_rounded_up_and_never_end_early) {
  expect_deadline(std::chrono::duration<double>(0.25), 250ms);
  expect_deadline(std::chrono::duration<float, std::milli>(1.5F), 1500us);
  expect_deadline(std::chrono::duration<std::int64_t, std::pico>(1), 1ns);
  expect_deadline(std::chrono::duration<std::int8_t, std::ratio<1, 3>>(1), 333'333'334ns);
}

TEST(deadline, a_moment_of_another_clock_is_as_far_away_on_the_steady_one) {
  const auto before = steady_clock::now();
  const auto deadline = on_steady_clock(std::chrono::system_clock::now() + 1h);
  EXPECT_GE(deadline, before + 59min);
  EXPECT_LE(deadline, steady_clock::now() + 61min);
  EXPECT_EQ(on_steady_clock(before + 1s), before + 1s);
}

TEST(deadline, a_moment_at_the_end_of_a_clock_is_the_end_and_one_at_its_beginning_is_over) {
  using system = std::chrono::system_clock;
  using seconds_of_system = std::chrono::time_point<system, std::chrono::seconds>;
  using hours_of_system = std::chrono::time_point<system, std::chrono::hours>;
  using seconds_of_steady = std::chrono::time_point<steady_clock, std::chrono::seconds>;
  constexpr auto last = steady_clock::time_point::max();
  EXPECT_EQ(on_steady_clock(system::time_point::max()), last);
  EXPECT_EQ(on_steady_clock(seconds_of_system::max()), last);
  EXPECT_EQ(on_steady_clock(hours_of_system::max()), last);
  EXPECT_EQ(on_steady_clock(seconds_of_steady::max()), last);
  EXPECT_EQ(on_steady_clock(steady_clock::time_point::max()), last);
  const auto is_over = [](steady_clock::time_point moment) { return moment <= steady_clock::now(); };
  EXPECT_TRUE(is_over(on_steady_clock(system::time_point::min())));
  EXPECT_TRUE(is_over(on_steady_clock(seconds_of_system::min())));
  EXPECT_TRUE(is_over(on_steady_clock(hours_of_system::min())));
  EXPECT_TRUE(is_over(on_steady_clock(seconds_of_steady::min())));
  EXPECT_TRUE(is_over(on_steady_clock(steady_clock::time_point::min())));
}

// --- waiting ---

/// A worker as a wait sees it.
class fake_worker final : public filch::detail::worker_role {
 public:
  explicit fake_worker(fake_pool& pool) : pool_(pool) { filch::detail::take_role(this); }
  ~fake_worker() { filch::detail::take_role(nullptr); }

  bool try_run_in_place(task_node& task) noexcept override {
    ++asked;
    if (task.owner != &pool_ || !takes_tasks) return false;
    if (task.state.claim() == filch::detail::claim_outcome::taken) return false;
    pool_.run(task);
    return true;
  }
  void begin_blocked_wait() override {
    if (at_begin) std::exchange(at_begin, nullptr)();
    if (no_spare) throw filch::too_many_blocked("none for the test");
    ++begun;
  }
  void end_blocked_wait() noexcept override { ended.fetch_add(1); }  // by whoever ends the wait
  void take_back_end_of_blocked_wait() noexcept override { ended.fetch_sub(1); }

  int asked = 0;
  int begun = 0;
  std::atomic<int> ended{0};
  bool takes_tasks = true;
  bool no_spare = false;
  std::function<void()> at_begin;

 private:
  fake_pool& pool_;
};

class wait_test : public testing::Test {
 protected:
  fake_pool pool;
  const executor_ref on{pool};
};

TEST_F(wait_test, a_thread_outside_waits_until_the_task_is_done) {
  auto result = on.submit([] { return 3; });
  std::thread runner([&] { (void)pool.run_next(); });
  EXPECT_EQ(result.get(), 3);
  runner.join();
  EXPECT_EQ(pool.run_outside, 0) << "without help it runs nothing";
}

TEST_F(wait_test, a_wait_with_a_time_limit_gives_up_and_leaves_the_list) {
  auto result = on.submit([] { return 3; });
  const auto deadline = steady_clock::now() + 5ms;
  EXPECT_EQ(result.wait_until(deadline), future_status::timeout);
  EXPECT_GE(steady_clock::now(), deadline);
  EXPECT_EQ(result.wait_for(1ns), future_status::timeout);
  ASSERT_TRUE(pool.run_next());  // would notify a waiter that is no longer there
  EXPECT_EQ(result.wait_for(1h), future_status::ready);
  EXPECT_EQ(result.get(), 3);
}

TEST_F(wait_test, a_long_time_limit_ends_with_the_task) {
  auto result = on.submit([] { return 3; });
  std::thread runner([&] { (void)pool.run_next(); });
  EXPECT_EQ(result.wait_for(std::chrono::hours::max()), future_status::ready);
  runner.join();
}

TEST_F(wait_test, a_worker_runs_the_awaited_task_in_place_and_no_other) {
  fake_worker worker(pool);
  bool stranger_ran = false;
  on.post([&] { stranger_ran = true; });
  auto result = on.submit([] { return 4; });
  EXPECT_EQ(result.get(), 4);
  EXPECT_FALSE(stranger_ran);
  EXPECT_EQ(worker.begun, 0);
  ASSERT_TRUE(pool.run_next());
  EXPECT_TRUE(stranger_ran);
}

TEST_F(wait_test, a_worker_that_must_wait_counts_as_blocked_for_as_long) {
  fake_worker worker(pool);
  auto result = on.submit([] { return 4; });
  worker.takes_tasks = false;
  std::thread runner;
  worker.at_begin = [&] { runner = std::thread([&] { (void)pool.run_next(); }); };
  EXPECT_EQ(result.get(), 4);
  runner.join();
  EXPECT_EQ(worker.begun, 1);
  EXPECT_EQ(worker.ended.load(), 1);
}

TEST_F(wait_test, a_worker_that_counts_as_blocked_already_is_not_counted_again_but_runs_the_task_in_place) {
  fake_worker worker(pool);
  filch::detail::role_to_replace = nullptr;
  auto in_place = on.submit([] { return 4; });
  EXPECT_EQ(in_place.get(), 4);
  EXPECT_EQ(worker.asked, 1);
  EXPECT_TRUE(pool.run_next()) << "the entry";
  auto waited_for = on.submit([] { return 5; });
  EXPECT_EQ(waited_for.wait_for(1ms), future_status::timeout);
  worker.takes_tasks = false;
  std::thread runner([&] { (void)pool.run_next(); });
  EXPECT_EQ(waited_for.get(), 5);
  runner.join();
  EXPECT_EQ(worker.begun, 0);
  EXPECT_EQ(worker.ended.load(), 0);
}

TEST_F(wait_test, a_worker_that_gives_up_counts_as_unblocked_again) {
  fake_worker worker(pool);
  auto result = on.submit([] { return 4; });
  EXPECT_EQ(result.wait_for(1ms), future_status::timeout);
  EXPECT_EQ(worker.asked, 0) << "with a time limit the task is never run in place";
  EXPECT_EQ(worker.begun, 1);
  EXPECT_EQ(worker.ended.load(), 1);
}

TEST_F(wait_test, without_a_spare_the_wait_throws_and_the_future_is_as_before) {
  fake_worker worker(pool);
  worker.takes_tasks = false;
  worker.no_spare = true;
  auto result = on.submit([] { return 4; });
  EXPECT_THROW((void)result.get(), filch::too_many_blocked);
  EXPECT_THROW(result.wait(), filch::too_many_blocked);
  EXPECT_THROW((void)result.wait_for(1h), filch::too_many_blocked);
  EXPECT_EQ(worker.ended.load(), 0);
  EXPECT_TRUE(result.valid());
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(result.get(), 4);
}

TEST_F(wait_test, a_worker_that_is_refused_while_its_task_ends_has_waited_for_nothing) {
  fake_worker worker(pool);
  worker.takes_tasks = false;
  worker.no_spare = true;
  auto result = on.submit([] { return 4; });
  worker.at_begin = [&] { EXPECT_TRUE(pool.run_next()); };
  EXPECT_EQ(result.get(), 4);
  EXPECT_EQ(worker.begun, 0);
  EXPECT_EQ(worker.ended.load(), 0) << "what the completer has ended is taken back";
}

TEST_F(wait_test, a_task_that_waits_for_itself_throws) {
  std::optional<filch::future<int>> own;
  int refused = 0;
  own = on.submit([&] {
    try {
      own->wait();
    } catch (const filch::would_deadlock&) {
      ++refused;
    }
    try {
      (void)own->wait_for(1h);
    } catch (const filch::would_deadlock&) {
      ++refused;
    }
    try {
      (void)own->get(filch::help);
    } catch (const filch::would_deadlock&) {
      ++refused;
    }
    // Below another task that runs on top of it, too.
    auto inner = on.submit([&] {
      try {
        own->wait();
      } catch (const filch::would_deadlock&) {
        ++refused;
      }
    });
    inner.get(filch::help);
    return 1;
  });
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(refused, 4);
  EXPECT_EQ(own->get(), 1);
}

TEST_F(wait_test, help_on_a_task_that_runs_already_waits) {
  std::atomic<bool> started{false};
  std::atomic<bool> go_on{false};
  auto result = on.submit([&] {
    started.store(true);
    while (!go_on.load()) std::this_thread::yield();
    return 6;
  });
  std::thread runner([&] { (void)pool.run_next(); });
  while (!started.load()) std::this_thread::yield();
  go_on.store(true);
  EXPECT_EQ(result.get(filch::help), 6);
  EXPECT_EQ(pool.run_outside, 0);
  runner.join();
}

// --- stress ---

// The waiter's stack, its time limit and the completion race; the state must outlive whoever touches it last.
TEST_F(wait_test, waits_with_short_time_limits_race_the_end_of_their_tasks) {
  constexpr std::uint64_t rounds = tries(4'000, 2'000);
  std::atomic<bool> done{false};
  crowd runner(1, [&](unsigned) {
    while (!done.load() || pool.queued() != 0)
      if (!pool.run_next()) std::this_thread::yield();
  });
  dice random(1);
  std::uint64_t timeouts = 0;
  const budget time;
  for (std::uint64_t round = 0; round != rounds && !time.spent(); ++round) {
    auto result = on.submit([round] {
      for (std::uint64_t turn = round % 600; turn != 0; --turn) filch::detail::pause();
      return std::make_unique<std::uint64_t>(round);
    });
    while (result.wait_for(std::chrono::microseconds{random.roll(30)}) == future_status::timeout) ++timeouts;
    if (random.roll(4) == 0) continue;  // dropped while the completer may still hold its reference
    EXPECT_EQ(*result.get(), round);
  }
  done.store(true);
  runner.join();
  RecordProperty("timeouts", std::to_string(timeouts));
}

TEST_F(wait_test, a_helper_and_a_runner_never_both_run_a_task) {
  constexpr std::uint64_t rounds = tries(40'000, 6'000);
  std::atomic<bool> done{false};
  crowd runner(1, [&](unsigned) {
    while (!done.load() || pool.queued() != 0)
      if (!pool.run_next()) std::this_thread::yield();
  });
  std::uint64_t wrong = 0;
  dice random(2);
  const budget time;
  for (std::uint64_t round = 0; round != rounds && !time.spent(); ++round) {
    std::atomic<int> calls{0};
    auto result = on.submit([&calls] { return calls.fetch_add(1) + 1; });
    for (std::uint64_t turn = random.roll(12); turn != 0; --turn) filch::detail::pause();
    wrong += result.get(filch::help) != 1;
    wrong += calls.load() != 1;
  }
  done.store(true);
  runner.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
