// A pool that finds its own size, by a clock that the tests move.
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <limits>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;

class autoscaler_test : public shaped_pool_test {
 protected:
  filch::scheduler& make_timed_pool(unsigned most) {
    filch::scheduler_options options = shape();
    options.max_workers = most;
    filch::scheduler& pool = make_pool(std::move(options));
    filch::use_clock(pool, clock_);
    return pool;
  }

  /// Moves the clock over `looks` looks of a scaler whose delay is 10 ms.
  void pass(unsigned looks) {
    for (unsigned i = 0; i != looks; ++i) clock_.advance(10ms);
  }
  /// Whether the size comes to be this one by and by.
  bool comes_to(filch::scheduler& pool, unsigned workers) {
    return eventually([&] {
      clock_.advance(10ms);
      return pool.worker_count() == workers;
    });
  }

  filch::virtual_clock clock_;
};
INSTANTIATE_POOL_SHAPES(autoscaler_test);

/// Tasks that keep workers until they are told.
class long_tasks {
 public:
  void add(filch::scheduler& pool, unsigned count) {
    for (unsigned i = 0; i != count; ++i)
      pool.post([over = over_, inside = inside_] {
        inside->fetch_add(1);
        EXPECT_TRUE(over.wait());
      });
  }
  [[nodiscard]] unsigned inside() const { return inside_->load(); }
  void end() { over_.set(); }
  ~long_tasks() { end(); }

 private:
  event over_;
  std::shared_ptr<std::atomic<unsigned>> inside_ = std::make_shared<std::atomic<unsigned>>(0);
};

TEST_P(autoscaler_test, tasks_that_wait_bring_workers_until_all_run) {
  const unsigned most = 4 * width();
  filch::scheduler& pool = make_timed_pool(most);
  const filch::autoscaler sizes(pool);
  long_tasks tasks;
  tasks.add(pool, most);
  EXPECT_TRUE(eventually([&] {
    clock_.advance(10ms);
    return tasks.inside() == most;
  })) << tasks.inside() << " of " << pool.worker_count();
  EXPECT_EQ(pool.worker_count(), most);
}

TEST_P(autoscaler_test, workers_without_work_leave_after_a_while) {
  filch::scheduler& pool = make_timed_pool(4 * width());
  const filch::autoscaler sizes(pool, {.min_workers = width()});
  {
    long_tasks tasks;
    tasks.add(pool, 5 * width());
    EXPECT_TRUE(comes_to(pool, 4 * width()));
  }
  pool.wait_idle();
  EXPECT_TRUE(comes_to(pool, width()));
}

TEST_P(autoscaler_test, not_before_that_while) {
  filch::scheduler& pool = make_timed_pool(4 * width());
  const filch::autoscaler sizes(pool, {.calm = 1h});
  {
    long_tasks tasks;
    tasks.add(pool, 5 * width());
    EXPECT_TRUE(comes_to(pool, 4 * width()));
  }
  pool.wait_idle();
  pass(100);
  EXPECT_EQ(pool.worker_count(), 4 * width());
}

TEST_P(autoscaler_test, a_pool_that_keeps_up_keeps_its_size) {
  filch::scheduler& pool = make_timed_pool(4 * width());
  const filch::autoscaler sizes(pool, {.min_workers = width()});
  for (int round = 0; round != 50; ++round) {
    for (int i = 0; i != 100; ++i) pool.post([] {});
    pool.wait_idle();
    clock_.advance(10ms);
  }
  EXPECT_EQ(pool.worker_count(), width());
}

TEST_P(autoscaler_test, a_pool_that_has_slept_long_is_looked_at_again_when_there_is_work) {
  filch::scheduler& pool = make_timed_pool(4 * width());
  const filch::autoscaler sizes(pool, {.min_workers = 1});
  for (int round = 0; round != 3; ++round) {
    EXPECT_TRUE(comes_to(pool, 1));
    EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
    pass(3);
    clock_.advance(24h);
    long_tasks tasks;
    tasks.add(pool, 4 * width());
    EXPECT_TRUE(comes_to(pool, 4 * width()));
    tasks.end();
    pool.wait_idle();
  }
}

TEST_P(autoscaler_test, a_pool_outside_of_the_bounds_is_brought_between_them_at_once) {
  filch::scheduler& pool = make_timed_pool(4 * width());
  {
    const filch::autoscaler sizes(pool, {.min_workers = 2 * width()});
    EXPECT_EQ(pool.worker_count(), 2 * width());
  }
  EXPECT_EQ(pool.worker_count(), 2 * width()) << "it keeps the size it has";
  const filch::autoscaler sizes(pool, {.max_workers = 1});
  EXPECT_EQ(pool.worker_count(), 1U);
}

TEST_P(autoscaler_test, a_size_that_others_have_chosen_while_the_pool_slept_is_where_it_goes_on_from) {
  filch::scheduler& pool = make_timed_pool(4 * width());
  const filch::autoscaler sizes(pool, {.min_workers = width(), .max_workers = 2 * width()});
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  pass(3);
  pool.resize(4 * width());
  EXPECT_TRUE(comes_to(pool, width()));
}

// By the steady clock, so that some come just when it is about to sleep.
TEST_P(autoscaler_test, a_size_that_is_chosen_at_any_moment_is_brought_back) {
  filch::scheduler_options options = shape();
  options.max_workers = 2 * width();
  filch::scheduler& pool = make_pool(std::move(options));
  const filch::autoscaler sizes(pool, {.min_workers = width(), .max_workers = width(), .delay = 1ms, .calm = 1ms});
  for (unsigned round = 0; round != scaled(40); ++round) {
    pool.resize(2 * width());
    if (round % 2 == 0) pool.submit([] {}).get();
    ASSERT_TRUE(eventually([&] { return pool.worker_count() == width(); })) << round;
  }
}

TEST_P(autoscaler_test, the_window_of_a_stream_lets_it_grow) {
  const unsigned most = 4 * width();
  filch::scheduler& pool = make_timed_pool(most);
  const filch::autoscaler sizes(pool);
  const event all_inside;
  std::atomic<unsigned> inside{0};
  const std::jthread consumer([&] {
    for (auto& each : filch::map(pool, std::views::iota(0U, most), [&](unsigned i) {
           if (inside.fetch_add(1) + 1 == most) all_inside.set();
           EXPECT_TRUE(all_inside.wait());
           return i;
         }))
      EXPECT_EQ(*each, each.index());
  });
  EXPECT_TRUE(comes_to(pool, most));
}

TEST_P(autoscaler_test, one_that_is_gone_changes_nothing) {
  filch::scheduler& pool = make_timed_pool(4 * width());
  long_tasks tasks;
  tasks.add(pool, 4 * width());
  { const filch::autoscaler sizes(pool); }
  pass(20);
  EXPECT_EQ(pool.worker_count(), width());
}

TEST_P(autoscaler_test, it_may_go_at_any_moment) {
  filch::scheduler_options options = shape();
  options.max_workers = 2 * width();
  filch::scheduler& pool = make_pool(std::move(options));  // by the steady clock: looks are made meanwhile
  long_tasks tasks;
  tasks.add(pool, 3 * width());
  for (unsigned round = 0; round != scaled(200); ++round) {
    const filch::autoscaler sizes(pool, {.delay = 1ms, .calm = 1ms});
    if (round % 8 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(round % 3));
  }
}

TEST_P(autoscaler_test, it_may_outlive_its_pool) {
  std::optional<filch::autoscaler> sizes;
  filch::scheduler& pool = make_timed_pool(2 * width());
  sizes.emplace(pool);
  pool.submit([] {}).get();
  destroy_pool(pool);
}

TEST_P(autoscaler_test, a_shutdown_ends_it_and_runs_what_is_queued) {
  filch::scheduler& pool = make_timed_pool(4 * width());
  const filch::autoscaler sizes(pool);
  long_tasks tasks;
  tasks.add(pool, 8 * width());
  pass(1);
  {
    const std::jthread closer([&] { EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = 8 * width()})); });
    tasks.end();
    pass(10);
  }
}

/// Has a worker of its pool wake when it dies, and waits for that.
struct wakes_a_worker_at_last {
  filch::scheduler* pool;
  wakes_a_worker_at_last(filch::scheduler& of) : pool(&of) {}
  wakes_a_worker_at_last(wakes_a_worker_at_last&& other) noexcept : pool(std::exchange(other.pool, nullptr)) {}
  ~wakes_a_worker_at_last() {
    if (pool == nullptr) return;
    const event ran;
    pool->post([ran] { ran.set(); });
    EXPECT_TRUE(ran.wait());
  }
  void operator()() const {}
};

// The walk over what waits has passed the moment at which the scaler would look next.
TEST_P(autoscaler_test, a_worker_that_wakes_while_the_pool_drains_does_not_hide_it_from_the_end) {
  std::optional<filch::autoscaler> sizes;
  filch::scheduler& pool = make_timed_pool(2 * width());
  sizes.emplace(pool, filch::autoscale_options{.min_workers = width()});
  auto series = filch::submit_every(pool, 24h, wakes_a_worker_at_last(pool));
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  pass(3);
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  pass(3);
  destroy_pool(pool);
  EXPECT_THROW(series.get(), filch::task_cancelled);
}

TEST_P(autoscaler_test, in_a_child_made_by_fork_its_end_does_nothing) {
  filch::scheduler_options options = shape();
  options.max_workers = 2 * width();
  filch::scheduler& pool = make_pool(std::move(options));
  std::optional<filch::autoscaler> sizes;
  sizes.emplace(pool, filch::autoscale_options{.delay = 1ms, .calm = 1ms});
  for (unsigned round = 0; round != scaled(20); ++round) {
    EXPECT_EQ(answer_of_child([&] {
                sizes.reset();
                return 0;
              }),
              0);
  }
}

TEST_P(autoscaler_test, a_thread_that_the_system_refuses_is_asked_for_again) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to be a user without other processes";
  const int answer = answer_of_child([&] {
    filch::virtual_clock clock;
    filch::scheduler_options options = shape();
    options.max_workers = width() + 1;
    filch::scheduler pool(std::move(options));
    filch::use_clock(pool, clock);
    const filch::autoscaler sizes(pool, {.min_workers = width()});
    const std::size_t threads = thread_count();
    if (::setuid(45'000 + static_cast<uid_t>(::getpid()) % 5'000) != 0) return 3;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NPROC, &limit) != 0) return 4;
    limit.rlim_cur = threads;
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 5;
    long_tasks tasks;
    tasks.add(pool, width() + 1);
    for (int i = 0; i != 20; ++i) clock.advance(10ms);
    if (pool.worker_count() != width()) return 6;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 7;
    const bool grew = eventually([&] {
      clock.advance(10ms);
      return tasks.inside() == width() + 1;
    });
    return grew ? 0 : 8;
  });
  EXPECT_EQ(answer, 0);
}

TEST_P(autoscaler_test, a_shutdown_may_come_while_a_look_is_made) {
  for (unsigned round = 0; round != scaled(100); ++round) {
    filch::scheduler_options options = shape();
    options.max_workers = 2 * width();
    filch::scheduler& pool = make_pool(std::move(options));
    const filch::autoscaler sizes(pool, {.delay = 1ms, .calm = 1ms});
    std::atomic<unsigned> ran{0};
    for (int i = 0; i != 20; ++i) pool.post([&] { ran.fetch_add(1); });
    if (round % 4 == 0) std::this_thread::sleep_for(1ms);
    if (round % 2 == 0)
      (void)pool.shutdown();
    else
      (void)pool.shutdown_now();
    destroy_pool(pool);
    EXPECT_TRUE(round % 2 != 0 || ran.load() == 20) << ran.load();
  }
}

TEST_P(autoscaler_test, a_pool_has_one_at_a_time) {
  filch::scheduler& pool = make_timed_pool(2 * width());
  {
    const filch::autoscaler first(pool);
    try {
      const filch::autoscaler second(pool, {.max_workers = 1});
      ADD_FAILURE() << "a second one was made";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find("has an autoscaler already: destroy that one"), std::string::npos);
    }
    EXPECT_EQ(pool.worker_count(), width());
  }
  const filch::autoscaler next(pool);
}

TEST_P(autoscaler_test, options_that_make_no_sense_are_refused) {
  filch::scheduler& pool = make_timed_pool(2 * width());
  const auto most = std::to_string(2 * width());
  const auto expect_refused = [&](const filch::autoscale_options& options, const std::string& what, const std::string& remedy) {
    try {
      const filch::autoscaler sizes(pool, options);
      ADD_FAILURE() << what << " was taken";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find("autoscale_options::" + what), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(remedy), std::string::npos) << error.what();
    }
  };
  for (const std::int64_t least : {std::int64_t{0}, std::int64_t{-3}, std::numeric_limits<std::int64_t>::max()})
    expect_refused({.min_workers = least}, "min_workers is " + std::to_string(least), "1 to " + most);
  expect_refused({.min_workers = 2, .max_workers = 1}, "min_workers is 2", "1 to 1");
  expect_refused({.max_workers = 0}, "max_workers is 0", "raise scheduler_options::max_workers");
  expect_refused({.max_workers = 4096}, "max_workers is 4096", "1 to " + most + ", or raise");
  expect_refused({.delay = 0ms}, "delay is 0 ns", "between a millisecond and an hour");
  expect_refused({.delay = 2h}, "delay is", "between a millisecond and an hour");
  expect_refused({.calm = 9ms}, "calm is 9000000 ns", "as long as autoscale_options::delay");
  expect_refused({.calm = 24h * 400}, "calm is", "up to a year");
  EXPECT_EQ(pool.worker_count(), width());
}

TEST_P(autoscaler_test, a_pool_that_has_been_shut_down_takes_none) {
  filch::scheduler& pool = make_timed_pool(2 * width());
  (void)pool.shutdown();
  try {
    const filch::autoscaler sizes(pool);
    ADD_FAILURE() << "was made";
  } catch (const filch::closed& error) {
    EXPECT_NE(std::string(error.what()).find("keeps the workers it has"), std::string::npos) << error.what();
  }
}

TEST_P(autoscaler_test, beside_one_an_idle_pool_uses_no_cpu) {
  filch::scheduler_options options = shape();
  options.max_workers = 2 * width();
  options.name = "scaled";
  filch::scheduler& pool = make_pool(std::move(options));
  const filch::autoscaler sizes(pool, {.min_workers = width(), .delay = 1ms, .calm = 1ms});
  pool.submit([] {}).get();
  // Until there is a while in which no thread of it did anything.
  EXPECT_TRUE(eventually([&] {
    const std::uint64_t before = context_switches("scaled");
    std::this_thread::sleep_for(50ms);
    return context_switches("scaled") == before;
  }));
}

TEST_P(autoscaler_test, workers_that_block_are_stood_in_for_and_are_no_reason_to_grow) {
  filch::scheduler& pool = make_timed_pool(4 * width());
  const filch::autoscaler sizes(pool, {.min_workers = width()});
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  std::vector<filch::future<void>> blocked;
  for (unsigned i = 0; i != 2 * width(); ++i)
    blocked.push_back(pool.submit([&] { elsewhere.submit([] {}).get(); }));
  EXPECT_TRUE(eventually([&] { return pool.metrics().total().blocked_waits == 2 * width(); }));
  pass(50);
  EXPECT_EQ(pool.worker_count(), width());
  far.release();
  for (auto& each : blocked) each.get();
}

}  // namespace
