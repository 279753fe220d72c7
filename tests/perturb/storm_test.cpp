// Very many small tasks, of every way to bring them in at once, in pools of every shape, disturbed: each runs exactly once.
//   FILCH_STORM_TASKS=<n>    so many of them at least, instead of twenty thousand
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <ranges>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <filch/filch.hpp>

#include "perturb/lost_work.hpp"
#include "perturb/schedule.hpp"
#include "runtime/pool_core.hpp"

namespace {

using namespace std::chrono_literals;

/// How often each task ran.
class tally {
 public:
  explicit tally(std::uint32_t tasks) : tasks_(tasks), runs_(std::make_unique<std::atomic<std::uint8_t>[]>(tasks)) {}

  void ran(std::uint32_t index) { runs_[index].fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t not_run_once() const {
    std::uint32_t wrong = 0;
    for (std::uint32_t i = 0; i != tasks_; ++i) wrong += runs_[i].load(std::memory_order_relaxed) == 1 ? 0 : 1;
    return wrong;
  }

 private:
  std::uint32_t tasks_;
  std::unique_ptr<std::atomic<std::uint8_t>[]> runs_;
};

struct range {
  std::uint32_t first;
  std::uint32_t last;
  [[nodiscard]] std::uint32_t size() const { return last - first; }
};

/// Counts its end instead of a run.
struct life {
  tally* all;
  std::uint32_t index;
  life(tally& in, std::uint32_t i) : all(&in), index(i) {}
  life(life&& other) noexcept : all(std::exchange(other.all, nullptr)), index(other.index) {}
  ~life() {
    if (all != nullptr) all->ran(index);
  }
};

/// The ways in which the tasks of a range come into a pool. Each returns when they have been brought in, some when they have
/// run.
class ways {
 public:
  ways(filch::scheduler& pool, tally& of) : pool_(pool), tally_(of) {}

  void one_by_one(range of) {
    for (std::uint32_t i = of.first; i != of.last; ++i) pool_.post([this, i] { tally_.ran(i); });
  }
  void with_futures(range of) {
    std::vector<filch::future<void>> running;
    for (std::uint32_t i = of.first; i != of.last; ++i) {
      running.push_back(pool_.submit([this, i] { tally_.ran(i); }));
      if (running.size() == 50) running.clear();
    }
    for (filch::future<void>& each : running) each.get();
  }
  void in_bulk(range of) {
    std::vector<std::uint32_t> numbers(of.size());
    std::iota(numbers.begin(), numbers.end(), of.first);
    pool_.post_bulk(numbers, [this](std::uint32_t i) { tally_.ran(i); });
  }
  void one_after_the_other(range of) {
    for (std::uint32_t i = of.first; i != of.last; ++i) pool_.submit([this, i] { tally_.ran(i); }).get();
  }
  void by_a_worker(range of) {
    inside([&] { one_by_one(of); });
  }
  void as_a_tree(range of) {
    pool_.submit([this, of] { fork(of); }).get();
  }
  void with_priorities(range of) {
    for (std::uint32_t i = of.first; i != of.last; ++i)
      pool_.post({.priority = static_cast<filch::priority>(i % 3)}, [this, i] { tally_.ran(i); });
  }
  /// Who cancels in time stands in for the task.
  void half_cancelled(range of) {
    std::vector<filch::future<void>> running;
    for (std::uint32_t i = of.first; i != of.last; ++i)
      running.push_back(pool_.submit({.priority = static_cast<filch::priority>(i % 3)}, [this, i] { tally_.ran(i); }));
    for (std::uint32_t i = 0; i < of.size(); i += 2)
      if (running[i].cancel()) tally_.ran(of.first + i);
  }
  /// Groups of ten, every other one of which is stopped.
  void in_groups(range of) {
    std::vector<filch::future<void>> running;
    bool stopped = false;
    while (of.size() != 0) {
      const range some{of.first, of.first + std::min<std::uint32_t>(of.size(), 10)};
      of.first = some.last;
      std::stop_source group;
      running.clear();
      for (std::uint32_t i = some.first; i != some.last; ++i)
        running.push_back(pool_.submit({.priority = static_cast<filch::priority>(i % 3), .stop = group.get_token()},
                                       [this, i](const std::stop_token&) { tally_.ran(i); }));
      if ((stopped = !stopped)) group.request_stop();
      for (std::uint32_t i = some.first; i != some.last; ++i) ran_or_cancelled(running[i - some.first], i);
    }
  }
  /// When their time has come; every third is cancelled before it, or after.
  void later(range of) {
    std::vector<filch::future<void>> waiting;
    for (std::uint32_t i = of.first; i != of.last; ++i)
      waiting.push_back(filch::submit_after(pool_, (i % 64) * 1us, {.priority = static_cast<filch::priority>(i % 3)},
                                            [this, i] { tally_.ran(i); }));
    for (std::uint32_t i = 0; i < of.size(); i += 3) (void)waiting[i].cancel();
    for (std::uint32_t i = of.first; i != of.last; ++i) ran_or_cancelled(waiting[i - of.first], i);
  }
  struct again {};

  /// Two of three fail at first, some are late, some are cancelled: whatever comes first, each callable dies once.
  void as_jobs(range of) {
    std::vector<filch::future<void>> running;
    for (std::uint32_t i = of.first; i != of.last; ++i)
      running.push_back(filch::submit(pool_,
                                      {.task = {.priority = static_cast<filch::priority>(i % 3)},
                                       .retry = {.attempts = 3, .wait = (i % 32) * 1us},
                                       .timeout = i % 5 == 0 ? 20us : std::chrono::microseconds(1h)},
                                      [own = life(tally_, i), failures = i % 3]() mutable {
                                        if (failures-- != 0) throw again();
                                      }));
    for (std::uint32_t i = 0; i < of.size(); i += 7) (void)running[i].cancel();
    for (filch::future<void>& each : running) {
      try {
        each.get();
      } catch (const filch::timed_out&) {
        continue;
      } catch (const filch::task_cancelled&) {
        continue;
      }
    }
  }
  void by_one_that_repeats(range of) {
    struct over {};
    std::uint32_t next = of.first;
    auto series = filch::submit_every(pool_, 1us, {.missed = filch::missed::catch_up}, [&] {
      tally_.ran(next++);
      if (next == of.last) throw over();
    });
    try {
      series.get();
    } catch (const over&) {
      return;
    }
  }
  /// Through gates of a few places, some in their moment, some cancelled. Who is refused posts it.
  void through_gates(range of) {
    std::vector<std::pair<filch::future<void>, std::uint32_t>> admitted;
    for (std::uint32_t i = of.first; i != of.last; ++i) {
      if (auto made = enter(i))
        admitted.emplace_back(std::move(*made), i);
      else
        pool_.post([this, i] { tally_.ran(i); });
      if (i % 7 == 0 && !admitted.empty()) (void)admitted.back().first.cancel();
    }
    for (auto& [made, i] : admitted) ran_or_cancelled(made, i);
  }
  /// The consumer counts what comes to it.
  void by_a_stream(range of, const filch::map_options& options) {
    const auto inputs = std::views::iota(of.first, of.last);
    for (auto& each : filch::map(pool_, inputs, [](std::uint32_t i) { return i; }, options))
      if (each.index() == *each - of.first) tally_.ran(*each);
  }
  /// Whatever becomes of its inputs, each dies once.
  void by_a_stream_that_is_left(range of, const filch::map_options& options, std::uint64_t pulled) {
    std::vector<life> inputs;
    for (std::uint32_t i = of.first; i != of.last; ++i) inputs.emplace_back(tally_, i);
    for (auto& each : filch::map(pool_, std::move(inputs), [](life&& own) { return own.index; }, options)) {
      if (each.index() != *each - of.first) tally_.ran(*each);
      if (pulled-- == 0) return;
    }
  }
  void as_a_chain(range of) {
    if (of.size() == 0) return;
    pool_.post([this, of] {
      tally_.ran(of.first);
      as_a_chain({of.first + 1, of.last});
    });
  }

  /// When all is over, none.
  [[nodiscard]] std::int64_t places_taken() const {
    std::int64_t all = 0;
    for (const filch::admission_gate& each : gates_) all += std::abs(each.taken());
    return all;
  }

  void by_chance(range of, std::mt19937_64& random) {
    while (of.size() != 0) {
      const auto many = std::min<std::uint32_t>(of.size(), 1 + static_cast<std::uint32_t>(random() % 400));
      const range some{of.first, of.first + many};
      of.first += many;
      const filch::map_options options{.order = static_cast<filch::result_order>(random() % 2),
                                       .window = 1 + static_cast<int>(random() % 40)};
      const std::uint64_t pulled = random() % many;
      switch (random() % 20) {
        case 0: one_by_one(some); break;
        case 1: with_futures(some); break;
        case 2: in_bulk(some); break;
        case 3: one_after_the_other(some); break;
        case 4: by_a_worker(some); break;
        case 5: as_a_chain(some); break;
        case 6: with_priorities(some); break;
        case 7: half_cancelled(some); break;
        case 8: in_groups(some); break;
        case 9: later(some); break;
        case 10: by_one_that_repeats(some); break;
        case 11: as_jobs(some); break;
        case 12: through_gates(some); break;
        case 13: inside([&] { through_gates(some); }); break;
        case 14: by_a_stream(some, options); break;
        case 15: inside([&] { by_a_stream(some, options); }); break;
        case 16: by_a_stream_that_is_left(some, options, pulled); break;
        case 17: inside([&] { by_a_stream_that_is_left(some, options, pulled); }); break;
        default: as_a_tree(some); break;
      }
    }
  }

 private:
  template <class Step>
  void inside(const Step& step) {
    pool_.submit(std::cref(step)).get();
  }
  std::optional<filch::future<void>> enter(std::uint32_t i) {
    filch::job_options job{.task = {.priority = static_cast<filch::priority>(i / 9 % 3)}, .gate = &gates_[i % 3]};
    if (i % 5 == 0) job.limiter = &limiter_;
    const auto run = [this, i] { tally_.ran(i); };
    try {
      switch (i / 3 % 3) {
        case 0: return filch::try_submit(pool_, job, run);
        case 1: return filch::submit_for(pool_, job, 20us, run);
        default: return filch::submit(pool_, job, run);
      }
    } catch (const filch::rejected&) {
      return std::nullopt;
    }
  }
  void ran_or_cancelled(filch::future<void>& of, std::uint32_t index) {
    try {
      of.get();
    } catch (const filch::task_cancelled&) {
      tally_.ran(index);
    }
  }
  void fork(range of) {
    if (of.size() == 0) return;
    if (of.size() == 1) return tally_.ran(of.first);
    const std::uint32_t middle = of.first + of.size() / 2;
    filch::future<void> left = pool_.submit([this, of, middle] { fork({of.first, middle}); });
    fork({middle, of.last});
    left.get();
  }

  filch::scheduler& pool_;
  tally& tally_;
  filch::admission_gate gates_[3]{filch::admission_gate({.capacity = 3}),
                                  filch::admission_gate({.capacity = 3, .when_full = filch::when_full::reject}),
                                  filch::admission_gate({.capacity = 3, .when_full = filch::when_full::caller_runs})};
  filch::rate_limiter limiter_{1e6, 10};
};

filch::scheduler_options some_shape(std::mt19937_64& random) {
  filch::scheduler_options options;
  options.workers = 1 + static_cast<unsigned>(random() % 8);
  options.max_workers = *options.workers + static_cast<unsigned>(random() % 4);
  options.spin = random() % 2 == 0 ? 0us : 20us;
  options.deque_capacity = std::size_t{16} << random() % 6;
  return options;
}

void resize_by_chance(filch::scheduler& pool, std::mt19937_64& random, const std::stop_token& stop) {
  const unsigned most = filch::detail::scheduler_access::core(pool).most_workers();
  while (!stop.stop_requested()) {
    pool.resize(1 + static_cast<std::int64_t>(random() % most));
    for (std::uint64_t pauses = random() % 50; pauses != 0; --pauses) std::this_thread::yield();
  }
}

std::uint32_t one_pool(std::mt19937_64& random, std::uint32_t tasks) {
  tally all(tasks);
  {
    filch::scheduler pool(some_shape(random));
    const filch_perturb::lost_work_watch watch(pool);
    ways in(pool, all);
    const std::uint32_t part = tasks / 4;
    std::vector<std::jthread> outside;
    for (std::uint32_t i = 0; i != 4; ++i)
      outside.emplace_back([&in, seed = random(), some = range{i * part, i == 3 ? tasks : (i + 1) * part}] {
        std::mt19937_64 own(seed);
        in.by_chance(some, own);
      });
    {
      std::optional<filch::autoscaler> sizes;
      if (random() % 2 == 0) sizes.emplace(pool, filch::autoscale_options{.delay = 1ms, .calm = 1ms});
      const std::jthread resizer([&pool, own = std::mt19937_64(random())](const std::stop_token& stop) mutable {
        resize_by_chance(pool, own, stop);
      });
      outside.clear();
    }
    if (random() % 2 == 0) pool.wait_idle();
    (void)pool.shutdown();
    EXPECT_EQ(in.places_taken(), 0);
  }
  return all.not_run_once();
}

TEST(storm, every_task_runs_exactly_once) {
  const char* const given = std::getenv("FILCH_STORM_TASKS");
  const std::uint64_t wanted = given == nullptr ? 20'000 : std::strtoull(given, nullptr, 10);
  const std::uint32_t each = given == nullptr ? 5'000 : 100'000;
  std::mt19937_64 random(filch_perturb::seed());
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  ASSERT_GT(wanted, 0U) << "FILCH_STORM_TASKS should be a number, 1 or more";
  while (done < wanted) {
    ASSERT_EQ(one_pool(random, each), 0U);
    done += each;
    if (done % 10'000'000 == 0) std::cerr << done << " tasks, " << filch_perturb::disturbances() << " disturbances\n";
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cerr << done << " tasks in " << took.count() << " s, " << filch_perturb::disturbances() << " disturbances\n";
}

}  // namespace
