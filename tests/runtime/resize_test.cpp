// More workers, or fewer, while tasks run: nothing is lost, and who should be there is.
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <latch>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;

class resize_test : public shaped_pool_test {
 protected:
  /// A pool of `workers` that may have three more than the shape says.
  filch::scheduler& make_sizable_pool(unsigned workers) {
    filch::scheduler_options options = shape();
    options.workers = workers;
    options.max_workers = most();
    return make_pool(std::move(options));
  }
  [[nodiscard]] static unsigned most() { return width() + 3; }

  /// Calls `body` in a task on the worker of this index, while all others are inside tasks as well.
  template <class Body>
  static void on_worker(filch::scheduler& pool, unsigned index, const Body& body) {
    const auto all = static_cast<std::ptrdiff_t>(pool.worker_count());
    std::latch inside(all);
    std::vector<filch::future<void>> tasks;
    for (std::ptrdiff_t i = 0; i != all; ++i)
      tasks.push_back(pool.submit([&] {
        inside.arrive_and_wait();
        if (filch::this_worker() == index) body();
      }));
    for (auto& each : tasks) each.get();
  }
};
INSTANTIATE_POOL_SHAPES(resize_test);

TEST_P(resize_test, a_larger_pool_runs_as_many_tasks_at_once) {
  filch::scheduler& pool = make_sizable_pool(1);
  for (unsigned workers = 2; workers <= most(); ++workers) {
    pool.resize(workers);
    EXPECT_EQ(pool.worker_count(), workers);
    const held_workers all(pool, workers);
  }
}

TEST_P(resize_test, all_that_it_can_have_come_at_once) {
  filch::scheduler& pool = make_sizable_pool(1);
  pool.resize(most());
  const held_workers all(pool, most());
}

TEST_P(resize_test, a_smaller_pool_runs_no_more_at_once) {
  filch::scheduler& pool = make_sizable_pool(most());
  pool.resize(width());
  EXPECT_EQ(pool.worker_count(), width());
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  crowd inside;
  for (unsigned i = 0; i != scaled(20'000); ++i)
    pool.post([&] {
      inside.enter();
      std::this_thread::yield();
      inside.leave();
    });
  pool.wait_idle();
  EXPECT_LE(inside.most(), width());
}

TEST_P(resize_test, who_goes_finishes_its_task_first) {
  filch::scheduler& pool = make_sizable_pool(most());
  {
    held_workers all(pool, most());
    pool.resize(1);
    EXPECT_EQ(pool.worker_count(), 1U);
    EXPECT_FALSE(is_at_rest(pool));
  }
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  EXPECT_EQ(pool.submit([] { return filch::this_worker(); }).get(), 0U);
}

TEST_P(resize_test, what_those_who_go_have_queued_is_run_by_others) {
  constexpr unsigned children = 3'000;  // more than a deque holds
  filch::scheduler& pool = make_sizable_pool(most());
  std::vector<std::atomic<unsigned>> runs(children * most());
  std::latch queued(most());
  std::atomic<unsigned> by_others{0};
  for (unsigned worker = 0; worker != most(); ++worker)
    pool.post([&, worker] {
      for (unsigned i = 0; i != children; ++i)
        pool.post([&, at = worker * children + i, parent = *filch::this_worker()] {
          runs[at].fetch_add(1);
          if (filch::this_worker() != parent) by_others.fetch_add(1);
        });
      queued.arrive_and_wait();  // so that each worker has a share
      pool.resize(1);
    });
  pool.wait_idle();
  for (const std::atomic<unsigned>& each : runs) EXPECT_EQ(each.load(), 1U);
  EXPECT_GE(by_others.load(), 1U);
}

TEST_P(resize_test, a_size_out_of_range_is_refused_and_nothing_changes) {
  filch::scheduler& pool = make_sizable_pool(width());
  for (const std::int64_t workers : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{most()} + 1,
                                     std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
    try {
      pool.resize(workers);
      ADD_FAILURE() << workers << " was taken";
    } catch (const std::invalid_argument& error) {
      const std::string sentence = error.what();
      EXPECT_NE(sentence.find("given " + std::to_string(workers) + " workers"), std::string::npos) << sentence;
      EXPECT_NE(sentence.find("1 to " + std::to_string(most()) + ", or raise scheduler_options::max_workers"),
                std::string::npos)
          << sentence;
    }
  EXPECT_EQ(pool.worker_count(), width());
}

TEST_P(resize_test, a_pool_of_which_nothing_is_said_cannot_grow_but_shrink_and_come_back) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_THROW(pool.resize(width() + 1), std::invalid_argument);
  pool.resize(1);
  pool.resize(width());
  const held_workers all(pool, width());
}

TEST_P(resize_test, a_pool_that_has_been_shut_down_keeps_its_size) {
  filch::scheduler& pool = make_sizable_pool(width());
  pool.shutdown();
  for (const unsigned workers : {1U, most()}) try {
      pool.resize(workers);
      ADD_FAILURE() << "was resized";
    } catch (const filch::closed& error) {
      EXPECT_NE(std::string(error.what()).find("resize it before shutdown()"), std::string::npos) << error.what();
    }
  EXPECT_EQ(pool.worker_count(), width());
}

TEST_P(resize_test, a_pool_that_is_smaller_shuts_down_with_what_is_queued) {
  filch::scheduler& pool = make_sizable_pool(most());
  std::atomic<unsigned> ran{0};
  {
    held_workers all(pool, most());
    for (unsigned i = 0; i != 100; ++i) pool.post([&] { ran.fetch_add(1); });
    pool.resize(1);
  }
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = 100 + most()}));
  EXPECT_EQ(ran.load(), 100U);
}

TEST_P(resize_test, a_shutdown_that_cancels_finds_what_is_queued_in_a_smaller_pool) {
  filch::scheduler& pool = make_sizable_pool(most());
  held_workers all(pool, most());
  for (unsigned i = 0; i != 100; ++i) pool.post([] { ADD_FAILURE() << "ran after it was cancelled"; });
  pool.resize(1);
  EXPECT_EQ(pool.shutdown_now(), (filch::shutdown_counts{.cancelled = 100, .running = most()}));
}

TEST_P(resize_test, a_pool_may_go_while_those_who_have_come_are_still_in_their_start_hooks) {
  const event may_end;
  std::optional<filch::scheduler> pool;
  filch::scheduler_options options = shape();
  options.max_workers = most();
  std::atomic<unsigned> starts{0};
  std::atomic<unsigned> stops{0};
  options.on_worker_start = [&](const filch::worker_info& info) {
    starts.fetch_add(1);
    const bool waits = info.index >= width();
    EXPECT_TRUE(!waits || may_end.wait());
  };
  options.on_worker_stop = [&](const filch::worker_info&) { stops.fetch_add(1); };
  pool.emplace(std::move(options));
  pool->resize(most());
  std::thread late([&] { may_end.set(); });
  pool.reset();
  late.join();
  EXPECT_EQ(starts.load(), most());
  EXPECT_EQ(stops.load(), most());
}

TEST_P(resize_test, each_worker_has_its_hooks_once_and_is_no_spare) {
  filch::scheduler_options options = shape();
  options.max_workers = most();
  std::vector<std::atomic<unsigned>> starts(most());
  std::vector<std::atomic<unsigned>> stops(most());
  std::atomic<unsigned> spares{0};
  options.on_worker_start = [&](const filch::worker_info& info) {
    starts[info.index].fetch_add(1);
    if (info.spare) spares.fetch_add(1);
  };
  options.on_worker_stop = [&](const filch::worker_info& info) { stops[info.index].fetch_add(1); };
  filch::scheduler& pool = make_pool(std::move(options));
  EXPECT_EQ(starts[width()].load(), 0U);
  for (int round = 0; round != 3; ++round) {
    pool.resize(most());
    const held_workers all(pool, most());
    pool.resize(1);
  }
  pool.shutdown();
  for (unsigned i = 0; i != most(); ++i) {
    EXPECT_EQ(starts[i].load(), 1U) << i;
    EXPECT_EQ(stops[i].load(), 1U) << i;
  }
  EXPECT_EQ(spares.load(), 0U);
}

using resize_death_test = pool_test;

TEST_F(resize_death_test, a_start_hook_that_throws_on_a_worker_that_comes_later_ends_the_program_with_a_sentence) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        filch::scheduler_options options{.workers = 1};
        options.max_workers = 2;
        options.on_worker_start = [](const filch::worker_info& info) {
          if (info.index == 1) throw std::runtime_error("no licence for a second one");
        };
        filch::scheduler pool(std::move(options));
        pool.resize(2);
        const held_workers both(pool, 2);
      },
      "on_worker_start threw on a spare or on a worker that came later");
}

TEST_P(resize_test, a_thread_that_the_system_refuses_is_an_error_and_the_size_is_as_before) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to be a user without other processes";
  const int answer = answer_of_child([&] {
    filch::scheduler_options options = shape();
    options.max_workers = most();
    filch::scheduler pool(std::move(options));
    const std::size_t threads = thread_count();
    const uid_t somebody = 55'000 + static_cast<uid_t>(::getpid()) % 5'000;  // who hardly has other processes
    if (::setuid(somebody) != 0) return 3;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NPROC, &limit) != 0) return 4;
    limit.rlim_cur = threads + 1;
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 5;
    try {
      pool.resize(most());
      return 1;
    } catch (const std::system_error&) {
    }
    if (pool.worker_count() != width()) return 6;
    if (pool.submit([] { return 42; }).get() != 42) return 7;
    pool.resize(width() + 1);  // with the thread that could be had
    { const held_workers all(pool, width() + 1); }
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 8;
    pool.resize(most());
    const held_workers all(pool, most());
    return testing::Test::HasFailure() ? 9 : 0;
  });
  EXPECT_EQ(answer, 0);
}

// The first of the two finds a thread, the second none: each has left a place that needs a spare, since a third is too many
// there.
TEST_P(resize_test, a_spare_that_cannot_be_had_leaves_the_size_as_before_and_the_others_go_again) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to be a user without other processes";
  const int answer = answer_of_child([&] {
    filch::scheduler_options options = shape();
    options.workers = 3;
    options.spares = 2;
    filch::scheduler pool(std::move(options));
    filch::scheduler elsewhere({.workers = 1});
    held_workers far(elsewhere, 1);
    const event may_block;
    const event may_end;
    std::atomic<unsigned> inside{0};
    std::vector<filch::future<void>> tasks;
    for (int i = 0; i != 3; ++i)
      tasks.push_back(pool.submit([&, blocks = i != 0] {
        inside.fetch_add(1);
        EXPECT_TRUE(may_block.wait());
        if (blocks) elsewhere.submit([] {}).get();
        EXPECT_TRUE(may_end.wait());
      }));
    if (!eventually([&] { return inside.load() == 3; })) return 2;
    pool.resize(1);
    may_block.set();
    if (!eventually([&] { return pool.metrics().total().blocked_waits == 2; })) return 3;
    if (pool.metrics().spares_in_use != 0) return 4;
    const std::size_t threads = thread_count();
    if (::setuid(50'000 + static_cast<uid_t>(::getpid()) % 5'000) != 0) return 5;
    const rlimit limit{threads + 1, threads + 1};
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 6;
    try {
      pool.resize(3);
      return 1;
    } catch (const std::system_error&) {
    }
    if (pool.worker_count() != 1) return 7;
    if (!eventually([&] { return pool.metrics().spares_in_use == 0; })) return 8;
    far.release();
    may_end.set();
    for (auto& each : tasks) each.get();
    pool.resize(3);
    const held_workers all(pool, 3);
    return testing::Test::HasFailure() ? 9 : 0;
  });
  EXPECT_EQ(answer, 0);
}

TEST_P(resize_test, as_many_may_search_as_in_a_pool_of_that_size) {
  filch::scheduler& pool = make_sizable_pool(most());
  const filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
  const unsigned all = core.search_limit(0);
  EXPECT_EQ(all, std::max(1U, most() / 2));
  pool.resize(1);
  EXPECT_EQ(core.search_limit(0), 1U);
  pool.resize(most());
  EXPECT_EQ(core.search_limit(0), all);
}

// It is woken by the end of the pool, and its slab is its own again.
TEST_P(resize_test, one_that_has_left_may_free_its_memory_in_its_stop_hook_while_others_free_more_of_it) {
  std::vector<filch::future<char>> dropped_in_hook;
  std::vector<filch::future<char>> dropped_outside;
  const event in_hook;
  filch::scheduler_options options = shape();
  options.workers = width() + 1;
  options.on_worker_stop = [&](const filch::worker_info& info) {
    if (info.index != width()) return;
    in_hook.set();
    dropped_in_hook.clear();
  };
  filch::scheduler& pool = make_pool(std::move(options));
  on_worker(pool, width(), [&] {
    for (unsigned i = 0; i != 40'000; ++i) {
      auto made = pool.submit([ballast = std::array<char, 160>{}] { return ballast[0]; });
      (i % 2 == 0 ? dropped_in_hook : dropped_outside).push_back(std::move(made));
    }
  });
  pool.wait_idle();
  pool.resize(width());
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  const std::jthread outside([&] {
    EXPECT_TRUE(in_hook.wait());
    dropped_outside.clear();
  });
  (void)pool.shutdown();
}

TEST_P(resize_test, a_child_made_by_fork_is_told_so) {
  filch::scheduler& pool = make_sizable_pool(width());
  EXPECT_EQ(answer_of_child([&] {
              try {
                pool.resize(1);
                return 1;
              } catch (const filch::forked&) {
                return 0;
              }
            }),
            0);
}

// The one that stays in the place of the blocked one belongs to the larger pool again; so a spare comes.
TEST_P(resize_test, the_pool_has_its_width_again_though_a_worker_is_blocked_meanwhile) {
  filch::scheduler& pool = make_sizable_pool(width() + 1);
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  std::vector<filch::future<void>> blocked;
  for (unsigned i = 0; i != width(); ++i)
    blocked.push_back(pool.submit([&] { elsewhere.submit([] {}).get(); }));
  EXPECT_TRUE(eventually([&] { return pool.metrics().total().blocked_waits == width(); }));
  for (int round = 0; round != 3; ++round) {
    pool.resize(1);
    EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
    pool.resize(width() + 1);
    const held_workers all(pool, width() + 1);
  }
  far.release();
  for (auto& each : blocked) each.get();
  EXPECT_TRUE(eventually([&] { return pool.metrics().spares_in_use == 0; }));
}

TEST_P(resize_test, a_worker_that_was_blocked_goes_when_it_comes_back_to_a_smaller_pool) {
  filch::scheduler& pool = make_sizable_pool(most());
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  std::vector<filch::future<void>> blocked;
  for (unsigned i = 0; i != most(); ++i)
    blocked.push_back(pool.submit([&] { elsewhere.submit([] {}).get(); }));
  EXPECT_TRUE(eventually([&] { return pool.metrics().total().blocked_waits == most(); }));
  pool.resize(1);
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
  far.release();
  for (auto& each : blocked) each.get();
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  EXPECT_EQ(pool.metrics().spares_in_use, 0U);
  EXPECT_EQ(pool.submit([] { return filch::this_worker(); }).get(), 0U);
}

TEST_P(resize_test, the_memory_of_one_that_has_left_comes_back) {
  constexpr std::size_t kept = std::size_t{1} << 20;
  filch::scheduler& pool = make_sizable_pool(width() + 1);
  std::vector<filch::future<char>> burst;
  on_worker(pool, width(), [&] {
    for (unsigned i = 0; i != 50'000; ++i)
      burst.push_back(pool.submit([ballast = std::array<char, 160>{}] { return ballast[0]; }));
  });
  pool.wait_idle();
  const std::size_t full = pool.metrics().task_memory;
  EXPECT_GT(full, 8 * kept);
  pool.resize(width());
  EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));
  burst.clear();
  EXPECT_TRUE(eventually([&] { return pool.metrics().task_memory < full / 4; })) << pool.metrics().task_memory;
}

TEST_P(resize_test, values_of_workers_that_come_and_go_are_there_in_the_end) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  options.max_workers = most();
  options.spares = 0;
  filch::scheduler& pool = make_pool(std::move(options));
  filch::worker_local<unsigned> sums(pool);
  for (const unsigned workers : {most(), 1U, most()}) {
    pool.resize(workers);
    EXPECT_TRUE(eventually([&] { return is_at_rest(pool); }));  // who leaves has left
    for (unsigned i = 0; i != most(); ++i) on_worker(pool, i, [&] { sums.local() += 1; });
  }
  EXPECT_EQ(sums.combine(std::plus<>()), 2 * most() + 1);
}

TEST_P(resize_test, what_is_told_about_a_pool_tells_its_size) {
  filch::scheduler& pool = make_sizable_pool(width());
  EXPECT_NE(pool.describe().find(", at most " + std::to_string(most()) + ";"), std::string::npos) << pool.describe();
  EXPECT_EQ(pool.metrics().workers.size(), width());
  pool.resize(most());
  on_worker(pool, most() - 1, [] {});
  EXPECT_NE(pool.describe().find("; resized to " + std::to_string(most())), std::string::npos) << pool.describe();
  EXPECT_EQ(pool.metrics().workers.size(), most());
  const std::uint64_t executed = pool.metrics().total().executed;
  pool.resize(1);
  EXPECT_EQ(pool.metrics().total().executed, executed) << "those that have left count";
  const std::string last = "worker " + std::to_string(most() - 1);
  const std::string text = pool.describe();
  const std::string line = text.substr(text.find(last), text.find('\n', text.find(last)) - text.find(last));
  EXPECT_NE(line.find("not needed now"), std::string::npos) << text;
}

TEST_P(resize_test, nothing_is_lost_while_several_resize_and_submit) {
  filch::scheduler& pool = make_sizable_pool(width());
  constexpr unsigned rounds = 200;
  constexpr unsigned batch = 20;
  std::atomic<std::uint64_t> ran{0};
  const auto resize_again_and_again = [&](unsigned seed) {
    std::minstd_rand random(seed);
    for (unsigned round = 0; round != scaled(rounds); ++round) pool.resize(1 + static_cast<std::int64_t>(random() % most()));
  };
  const auto submit_again_and_again = [&] {
    for (unsigned round = 0; round != scaled(rounds); ++round) {
      std::vector<filch::future<void>> results;
      for (unsigned i = 0; i != batch; ++i)
        results.push_back(pool.submit([&] { pool.submit([&] { ran.fetch_add(1); }).get(); }));
      for (auto& each : results) each.get();
    }
  };
  {
    const std::jthread first(resize_again_and_again, 1);
    const std::jthread second(resize_again_and_again, 2);
    const std::jthread third(submit_again_and_again);
    submit_again_and_again();
  }
  EXPECT_EQ(ran.load(), std::uint64_t{2} * scaled(rounds) * batch);
  pool.resize(most());
  const held_workers all(pool, most());
}

TEST_P(resize_test, pools_that_are_resized_may_be_shut_down_at_any_moment) {
  for (unsigned round = 0; round != scaled(100); ++round) {
    filch::scheduler& pool = make_sizable_pool(width());
    std::atomic<unsigned> ran{0};
    for (unsigned i = 0; i != 50; ++i) pool.post([&] { ran.fetch_add(1); });
    {
      const std::jthread closer([&] { (void)pool.shutdown(); });
      try {
        for (const unsigned workers : {1U, most(), width()}) pool.resize(workers);
      } catch (const filch::closed&) {  // it was faster
      }
    }
    EXPECT_EQ(ran.load(), 50U);
    destroy_pool(pool);
  }
}

}  // namespace
