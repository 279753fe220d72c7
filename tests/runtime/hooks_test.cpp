// The start and the end of a worker: hooks, names, and threads that cannot be had.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <filch/runtime/this_worker.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;

class hooks_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(hooks_test);

TEST_P(hooks_test, each_worker_calls_start_before_and_stop_after_everything_else_on_its_own_thread) {
  std::mutex mutex;
  std::map<unsigned, std::thread::id> started;
  std::map<unsigned, std::thread::id> stopped;
  filch::scheduler_options options = shape();
  options.on_worker_start = [&](const filch::worker_info& info) {
    const std::scoped_lock lock(mutex);
    EXPECT_EQ(filch::this_worker(), info.index);
    EXPECT_FALSE(info.spare);
    EXPECT_FALSE(info.cpus.empty());
    EXPECT_TRUE(started.emplace(info.index, std::this_thread::get_id()).second);
  };
  options.on_worker_stop = [&](const filch::worker_info& info) {
    const std::scoped_lock lock(mutex);
    EXPECT_TRUE(stopped.emplace(info.index, std::this_thread::get_id()).second);
  };
  filch::scheduler& pool = make_pool(std::move(options));
  {
    const std::scoped_lock lock(mutex);
    EXPECT_EQ(started.size(), width());
    EXPECT_EQ(started.rbegin()->first, width() - 1);
    EXPECT_TRUE(stopped.empty());
  }
  for (int i = 0; i != 100; ++i) pool.post([&] {
    const std::scoped_lock lock(mutex);
    EXPECT_EQ(started.at(filch::this_worker().value()), std::this_thread::get_id());
  });
  pool.shutdown();
  EXPECT_EQ(started, stopped);
}

TEST_P(hooks_test, a_spare_calls_them_too_when_it_is_needed) {
  std::atomic<unsigned> spares_started{0};
  std::atomic<unsigned> spares_stopped{0};
  std::atomic<unsigned> index{0};
  filch::scheduler_options options = shape();
  options.on_worker_start = [&](const filch::worker_info& info) {
    if (!info.spare) return;
    index = info.index;
    spares_started.fetch_add(1);
  };
  options.on_worker_stop = [&](const filch::worker_info& info) { spares_stopped.fetch_add(info.spare ? 1 : 0); };
  filch::scheduler& pool = make_pool(std::move(options));
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  EXPECT_EQ(spares_started.load(), 0U);
  {
    held_workers far(elsewhere, 1);
    auto blocked = pool.submit([&] { elsewhere.submit([] {}).get(); });
    EXPECT_TRUE(eventually([&] { return spares_started.load() == 1; }));
    EXPECT_EQ(index.load(), width());
    far.release();
    blocked.get();
  }
  pool.shutdown();
  EXPECT_EQ(spares_stopped.load(), 1U);
}

using hooks_death_test = filch_tests::pool_test;

TEST_F(hooks_death_test, a_spare_whose_start_hook_throws_ends_the_program_with_a_sentence) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        filch::scheduler_options options{.workers = 1};
        options.on_worker_start = [](const filch::worker_info& info) {
          if (info.spare) throw std::runtime_error("no licence for a spare");
        };
        filch::scheduler pool(std::move(options));
        filch::scheduler elsewhere({.workers = 1});
        held_workers far(elsewhere, 1);
        pool.submit([&] { elsewhere.submit([] {}).get(); }).get();
      },
      "on_worker_start threw on a spare");
}

TEST_P(hooks_test, a_spare_that_is_still_in_its_start_hook_keeps_no_other_worker_asleep) {
  const event hook_may_end;
  const event hook_began;
  filch::scheduler_options options = shape();
  options.workers = width() + 1;
  options.on_worker_start = [=](const filch::worker_info& info) {
    if (!info.spare) return;
    hook_began.set();
    EXPECT_TRUE(hook_may_end.wait());
  };
  filch::scheduler& pool = make_pool(std::move(options));
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  auto blocked = pool.submit([&] { elsewhere.submit([] {}).get(); });
  EXPECT_TRUE(hook_began.wait());
  for (int round = 0; round != 10; ++round) {
    const auto parked = [&] {
      const filch::worker_metrics total = pool.metrics().total();
      return total.parks - total.wakes == width();
    };
    EXPECT_TRUE(eventually(parked));
    EXPECT_EQ(pool.submit([] {}).wait_for(watchdog), filch::future_status::ready);
  }
  hook_may_end.set();
  far.release();
  blocked.get();
}

TEST_P(hooks_test, a_stop_hook_that_submits_is_refused) {
  std::atomic<unsigned> refused{0};
  filch::scheduler* made = nullptr;
  filch::scheduler_options options = shape();
  options.on_worker_stop = [&](const filch::worker_info&) {
    try {
      made->post([] { ADD_FAILURE() << "a task ran after the end"; });
    } catch (const filch::closed&) {
      refused.fetch_add(1);
    }
    try {
      (void)made->submit([] {});
    } catch (const filch::closed&) {
      refused.fetch_add(1);
    }
  };
  made = &make_pool(std::move(options));
  made->submit([] {}).get();
  made->shutdown();
  EXPECT_EQ(refused.load(), 2 * width());
}

TEST_P(hooks_test, a_spares_start_hook_that_submits_is_refused_once_the_pool_is_closed) {
  const event in_hook;
  const event closed;
  const event refused;
  filch::scheduler* made = nullptr;
  filch::future<int> in_time;
  filch::scheduler_options options = shape();
  options.on_worker_start = [&](const filch::worker_info& info) {
    if (!info.spare) return;
    in_time = made->submit([] { return 42; });
    in_hook.set();
    EXPECT_TRUE(closed.wait());
    try {
      made->post([] { ADD_FAILURE() << "taken although the pool was closed, and it may have ended"; });
    } catch (const filch::closed&) {
      refused.set();
    }
  };
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  made = &make_pool(std::move(options));
  held_workers far(elsewhere, 1);
  auto blocked = made->submit([&] { elsewhere.submit([] {}).get(); });
  ASSERT_TRUE(in_hook.wait());
  std::thread closer([&] { made->shutdown(); });  // cannot end: a task is blocked
  const auto refuses = [&] {
    try {
      made->post_bulk(std::vector<int>{}, [](int) {});
      return false;
    } catch (const filch::closed&) {
      return true;
    }
  };
  EXPECT_TRUE(eventually(refuses));
  closed.set();
  EXPECT_TRUE(refused.wait());
  far.release();
  blocked.get();
  closer.join();
  EXPECT_EQ(in_time.get(), 42);
}

TEST_P(hooks_test, an_exception_from_start_comes_out_of_the_constructor_and_leaves_no_thread) {
  const std::size_t threads = thread_count();
  for (unsigned failing = 0; failing != width(); ++failing) {
    std::atomic<int> alive{0};
    filch::scheduler_options options = shape();
    options.on_worker_start = [&](const filch::worker_info& info) {
      if (info.index == failing) throw std::runtime_error("no licence for this worker");
      alive.fetch_add(1);
    };
    options.on_worker_stop = [&](const filch::worker_info&) { alive.fetch_sub(1); };
    try {
      const filch::scheduler pool(std::move(options));
      ADD_FAILURE() << "the pool was made";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "no licence for this worker");
    }
    EXPECT_EQ(alive.load(), 0);
    EXPECT_TRUE(no_thread_is_left(threads));
  }
}

TEST_P(hooks_test, threads_bear_the_name_of_their_pool_and_their_index) {
  filch::scheduler_options options = shape();
  options.name = "a-rather-long-name";
  const filch::scheduler& pool = make_pool(std::move(options));
  const std::vector<std::string> names = thread_names();
  for (unsigned i = 0; i != pool.worker_count(); ++i)
    EXPECT_EQ(std::count(names.begin(), names.end(), (i < 10 ? "a-rather-long/" : "a-rather-lon/") + std::to_string(i)), 1) << i;
}

TEST_P(hooks_test, a_stack_the_system_does_not_have_is_an_error_and_leaves_no_thread) {
  const std::size_t threads = thread_count();
  filch::scheduler_options options = shape();
  options.stack_size = ~std::size_t{0} / 16 * 15;
  try {
    const filch::scheduler pool(std::move(options));
    ADD_FAILURE() << "the pool was made";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("filch: "), std::string::npos) << error.what();
  }
  EXPECT_TRUE(no_thread_is_left(threads));
}

TEST_P(hooks_test, a_thread_that_the_system_refuses_is_an_error_and_leaves_no_thread) {
  const auto workers = GetParam().workers;
  const int answer = answer_of_child([&] {
    constexpr uid_t nobody = 65534;  // root may exceed the limit
    if (::geteuid() == 0 && ::setuid(nobody) != 0) return 3;
    const rlimit limit{3, 3};  // the process itself and two threads, if the user has no other processes
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 4;
    const std::size_t threads = thread_count();
    try {
      const filch::scheduler pool({.workers = workers + 3, .spin = GetParam().spin});
      return 1;
    } catch (const std::system_error& error) {
      if (std::string(error.what()).find("ulimit -u") == std::string::npos) return 5;
    }
    return no_thread_is_left(threads) ? 0 : 2;
  });
  EXPECT_EQ(answer, 0);
}

TEST_P(hooks_test, a_thread_that_the_system_refuses_is_the_error_although_a_start_hook_threw_too) {
  const auto workers = GetParam().workers;
  const int answer = answer_of_child([&] {
    const uid_t somebody = 60'000 + static_cast<uid_t>(::getpid()) % 5'000;  // who hardly has other processes
    if (::geteuid() == 0 && ::setuid(somebody) != 0) return 3;
    const rlimit limit{3, 3};
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 4;
    const std::size_t threads = thread_count();
    filch::scheduler_options options{.workers = workers + 3, .spin = GetParam().spin};
    options.on_worker_start = [](const filch::worker_info& info) {
      if (info.index == 0) throw std::runtime_error("no licence for the first worker");
    };
    try {
      const filch::scheduler pool(std::move(options));
      return 1;
    } catch (const std::system_error& error) {
      if (std::string(error.what()).find("ulimit -u") == std::string::npos) return 5;
    }
    return no_thread_is_left(threads) ? 0 : 2;
  });
  EXPECT_EQ(answer, 0);
}

TEST_P(hooks_test, a_spare_that_cannot_be_had_is_too_many_blocked_and_the_pool_goes_on) {
  const auto workers = static_cast<unsigned>(GetParam().workers);
  const int answer = answer_of_child([&] {
    filch::scheduler pool(shape());
    filch::scheduler elsewhere({.workers = 1});
    held_workers far(elsewhere, 1);
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setuid(nobody) != 0) return 3;
    const rlimit limit{1, 1};
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 4;
    std::atomic<unsigned> refused{0};
    for (unsigned i = 0; i != workers; ++i)
      pool.submit([&, mine = elsewhere.submit([] {})]() mutable {
            try {
              (void)mine.wait_for(watchdog);
            } catch (const filch::too_many_blocked&) {
              refused.fetch_add(1);
            }
          }).get();
    if (refused.load() != workers) return 1;
    const int result = pool.submit([] { return 42; }).get();
    if (result != 42 || pool.metrics().spares_in_use != 0) return 2;
    far.release();
    return 0;
  });
  EXPECT_EQ(answer, 0);
}

}  // namespace
