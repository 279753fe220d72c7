// parallel_for(): each index once, who runs what, exceptions, stop tokens, and loops in loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <numeric>
#include <ranges>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <filch/filch.hpp>

#include "algorithm/algorithm_fixture.hpp"

namespace {

using namespace filch_tests;
using filch::parallel_for;

class parallel_for_test : public algorithm_test {};
INSTANTIATE_POOL_SHAPES(parallel_for_test);

/// How often each index of a loop has been seen.
class sightings {
 public:
  explicit sightings(int count) : seen_(static_cast<std::size_t>(count)) {}
  void operator()(int index) { seen_.at(static_cast<std::size_t>(index)).fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] bool all_once() const {
    return std::ranges::all_of(seen_, [](const std::atomic<int>& each) { return each.load() == 1; });
  }
  [[nodiscard]] int count() const {
    return std::accumulate(seen_.begin(), seen_.end(), 0,
                           [](int sum, const std::atomic<int>& each) { return sum + each.load(); });
  }

 private:
  std::vector<std::atomic<int>> seen_;
};

TEST_P(parallel_for_test, calls_its_body_once_for_each_index) {
  in_task([] {
    for (const int size : sizes_to_try(1))
      for (const filch::loop_options& options : {filch::loop_options{}, {.grain = 1}, {.grain = 10}, {.grain = 100'000}}) {
        sightings seen(size);
        parallel_for(0, size, seen, options);
        EXPECT_TRUE(seen.all_once()) << size;
      }
  });
}

template <class Index>
void expect_each_once(Index first, Index last) {
  std::mutex mutex;
  std::multiset<Index> seen;
  parallel_for(first, last, [&](Index index) {
    const std::scoped_lock lock(mutex);
    seen.insert(index);
  });
  std::multiset<Index> expected;
  for (Index index = first; index != last; ++index) expected.insert(index);
  EXPECT_EQ(seen, expected);
}

TEST_P(parallel_for_test, counts_in_each_integer_type_up_to_its_ends) {
  in_task([] {
    expect_each_once(std::numeric_limits<signed char>::min(), std::numeric_limits<signed char>::max());
    expect_each_once<unsigned char>(0, 255);
    expect_each_once<short>(-300, 300);
    expect_each_once<char>('a', 'z');
    expect_each_once(std::numeric_limits<int>::max() - 100, std::numeric_limits<int>::max());
    expect_each_once(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::min() + 100);
    expect_each_once(std::numeric_limits<std::uint64_t>::max() - 100, std::numeric_limits<std::uint64_t>::max());
  });
}

TEST_P(parallel_for_test, runs_nothing_where_a_serial_loop_would_run_nothing) {
  in_task([] {
    sightings seen(10);
    parallel_for(5, 5, seen);
    parallel_for(5, 4, seen);
    parallel_for(5u, 2u, seen);
    parallel_for(std::vector<int>{}, seen);
    const std::vector<int> numbers(3);
    parallel_for(numbers.end(), numbers.begin(), seen);
    EXPECT_EQ(seen.count(), 0);
  });
}

TEST_P(parallel_for_test, takes_bounds_of_two_types_that_fit_into_one) {
  in_task([] {
    sightings seen(100);
    parallel_for(0, std::size_t{100}, [&](std::size_t index) { seen(static_cast<int>(index)); });
    EXPECT_TRUE(seen.all_once());
    EXPECT_NE(thrown_by([] { parallel_for(-1, std::size_t{100}, [](std::size_t) {}); }).find("cast one"), std::string::npos);
    EXPECT_THROW(parallel_for(-1, 1u, [](unsigned) {}), std::invalid_argument);
    EXPECT_THROW(parallel_for(0, ~std::uint64_t{0}, [](int, int) {}, {.grain = 0}), std::invalid_argument);
  });
}

TEST_P(parallel_for_test, changes_the_elements_of_ranges_in_place) {
  in_task([] {
    std::vector<int> numbers(3000, 1);
    std::deque<int> others(3000, 2);
    std::array<int, 5> few{1, 2, 3, 4, 5};
    const auto twice = [](int& number) { number *= 2; };
    parallel_for(numbers, twice);
    parallel_for(others.begin(), others.end(), twice, {.grain = 7});
    parallel_for(few, twice);
    parallel_for(std::ranges::subrange(numbers.begin() + 1, numbers.end()), twice);
    EXPECT_EQ(std::ranges::count(numbers, 4), 2999);
    EXPECT_EQ(numbers.front(), 2);
    EXPECT_EQ(std::ranges::count(others, 4), 3000);
    EXPECT_EQ(few, (std::array<int, 5>{2, 4, 6, 8, 10}));
  });
}

TEST_P(parallel_for_test, calls_members_and_bodies_that_can_only_be_moved) {
  struct counted {
    int calls = 0;
    void call() { ++calls; }
  };
  in_task([] {
    std::vector<counted> all(500);
    parallel_for(all, &counted::call);
    EXPECT_TRUE(std::ranges::all_of(all, [](const counted& each) { return each.calls == 1; }));
    std::atomic<int> calls{0};
    parallel_for(0, 500, [&calls, only = std::make_unique<int>(2)](int) { calls += *only; });
    EXPECT_EQ(calls.load(), 1000);
  });
}

TEST_P(parallel_for_test, a_body_of_two_positions_is_called_with_blocks_that_make_up_the_range) {
  in_task([] {
    for (const int size : sizes_to_try(2)) {
      sightings seen(size);
      parallel_for(0, size, [&](int from, int to) {
        EXPECT_LT(from, to);
        EXPECT_LE(to - from, 128);
        for (int i = from; i != to; ++i) seen(i);
      });
      EXPECT_TRUE(seen.all_once()) << size;
    }
    std::vector<int> numbers(1000, 1);
    using place = std::vector<int>::iterator;
    parallel_for(numbers, [](place from, place to) { std::fill(from, to, 3); });
    EXPECT_EQ(std::ranges::count(numbers, 3), 1000);
  });
}

TEST_P(parallel_for_test, no_block_is_shorter_than_the_grain_or_twice_as_long) {
  in_task([] {
    for (const int size : sizes_to_try(3))
      for (const int grain : {1, 2, 3, 50, 333}) {
        sightings seen(size);
        parallel_for(
            0, size,
            [&](int from, int to) {
              EXPECT_GE(to - from, std::min(grain, size));
              EXPECT_LT(to - from, 2 * grain);
              for (int i = from; i != to; ++i) seen(i);
            },
            {.grain = grain});
        EXPECT_TRUE(seen.all_once()) << size;
      }
  });
}

TEST_P(parallel_for_test, tells_what_is_wrong_with_its_arguments) {
  in_task([] {
    EXPECT_NE(thrown_by([] { parallel_for(0, 1, [](int) {}, {.grain = 0}); }).find("loop_options::grain"), std::string::npos);
    EXPECT_THROW(parallel_for(0, 0, [](int) {}, {.grain = -5}), std::invalid_argument);
    EXPECT_THROW(parallel_for(0, 0, std::function<void(int)>()), std::invalid_argument);
  });
}

TEST_P(parallel_for_test, works_from_outside_with_a_pool_and_in_another_one) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& other = make_shaped_pool();
  sightings seen(300);
  const auto on_a_worker = [&](int index) {
    EXPECT_TRUE(filch::this_worker().has_value());
    seen(index);
  };
  parallel_for(pool, 0, 100, on_a_worker);
  parallel_for(pool.executor(), std::views::iota(100, 200), on_a_worker, {.grain = 3});
  pool.submit([&] {
        parallel_for(other, 200, 250, on_a_worker);
        parallel_for(pool, 250, 300, on_a_worker);
        const auto own = std::this_thread::get_id();
        parallel_for(other, 0, 1, [&](int) { EXPECT_NE(std::this_thread::get_id(), own); });
        parallel_for(pool, 0, 1, [&](int) { EXPECT_EQ(std::this_thread::get_id(), own); });
      }).get();
  EXPECT_TRUE(seen.all_once());
}

TEST_P(parallel_for_test, says_what_to_do_where_there_is_no_pool) {
  EXPECT_NE(thrown_by([] { parallel_for(0, 1, [](int) {}); }).find("parallel_for(pool, ...)"), std::string::npos);
  EXPECT_THROW(parallel_for(0, 1, [](int) {}), filch::no_pool);
  filch::scheduler& pool = make_shaped_pool();
  (void)pool.shutdown();
  EXPECT_THROW(parallel_for(pool, 0, 1, [](int) { ADD_FAILURE(); }), filch::closed);
}

TEST_P(parallel_for_test, a_task_that_a_helper_runs_runs_its_loop_alone) {
  filch::scheduler& pool = make_shaped_pool();
  const held_workers held(pool, width());
  sightings seen(1000);
  auto task = pool.submit([&] {
    const auto own = std::this_thread::get_id();
    parallel_for(0, 1000, [&](int index) {
      EXPECT_EQ(std::this_thread::get_id(), own);
      seen(index);
    });
  });
  task.get(filch::help);
  EXPECT_TRUE(seen.all_once());
}

TEST_P(parallel_for_test, an_idle_worker_takes_the_upper_half_at_once) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to take it";
  in_task([] {
    std::array<event, 2> begun;
    parallel_for(0, 2, [&](int index) {
      begun[static_cast<std::size_t>(index)].set();
      EXPECT_TRUE(begun[static_cast<std::size_t>(1 - index)].wait());
    });
  });
}

TEST_P(parallel_for_test, what_is_left_is_halved_again_when_a_half_was_taken) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to take it";
  in_task([] {
    // The thief of the upper half stays in it, so somebody else has to take what is on offer next.
    const event taken;
    const event taken_again;
    parallel_for(
        0, 8,
        [&](int index) {
          if (index == 4) {
            taken.set();
            filch::blocking([&] { EXPECT_TRUE(taken_again.wait()); });
          }
          if (index < 2) {
            EXPECT_TRUE((index == 0 ? taken : taken_again).wait());
          }
          if (index == 2 || index == 3) taken_again.set();
        },
        {.grain = 1});
  });
}

TEST_P(parallel_for_test, throws_what_its_body_threw_wherever_that_is) {
  in_task([] {
    for (const int size : {1, 2, 100, 5000})
      for (const int failing : {0, size / 3, size / 2, size - 1}) {
        crowd inside;
        EXPECT_EQ(thrown_by([&] {
                    parallel_for(0, size, [&](int index) {
                      inside.enter();
                      inside.leave();
                      if (index == failing) throw std::runtime_error(std::to_string(index));
                    });
                  }),
                  std::to_string(failing));
        EXPECT_EQ(inside.now(), 0u);
      }
  });
}

TEST_P(parallel_for_test, begins_nothing_more_after_an_exception) {
  if (width() != 1) GTEST_SKIP() << "others may be just beginning";
  in_task([] {
    for (const int failing : {0, 1, 57, 999}) {
      sightings seen(1000);
      EXPECT_EQ(thrown_by([&] {
                  parallel_for(
                      0, 1000,
                      [&](int index) {
                        seen(index);
                        if (index == failing) throw std::runtime_error("enough");
                      },
                      {.grain = 1});
                }),
                "enough");
      EXPECT_EQ(seen.count(), failing + 1);
    }
  });
}

/// Returns when another worker has nothing left to do, or a spare stands in for one that waits.
void wait_for_an_idle_worker(filch::scheduler& pool) {
  const event ran;
  pool.post([=] { ran.set(); });
  EXPECT_TRUE(ran.wait());
}

TEST_P(parallel_for_test, begins_nothing_more_after_an_exception_of_a_thief) {
  if (width() != 2) GTEST_SKIP() << "the other worker must be the thief";
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> begun{0};
  event robbed;  // who has begun with the first half
  event thrown;
  int failing = 0;
  const auto body = [&](int index) {
    begun.fetch_add(1);
    if (index >= 4 && index != failing) return;
    if (index == failing) {
      EXPECT_TRUE(robbed.wait());
      thrown.set();
      throw std::runtime_error("thief");
    }
    robbed.set();
    EXPECT_TRUE(thrown.wait());
    wait_for_an_idle_worker(pool);
  };
  for (failing = 4; failing != 8; ++failing) {
    begun = 0;
    robbed = event();
    thrown = event();
    pool.submit([&] { EXPECT_EQ(thrown_by([&] { parallel_for(0, 8, body, {.grain = 1}); }), "thief"); }).get();
    EXPECT_EQ(begun.load(), 1 + failing - 3);
  }
}

TEST_P(parallel_for_test, a_thief_begins_nothing_more_after_an_exception) {
  if (width() != 2) GTEST_SKIP() << "the other worker must be the thief";
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> begun{0};
  const event stolen;
  const auto body = [&](int index) {
    begun.fetch_add(1);
    if (index < 4) {
      EXPECT_TRUE(stolen.wait());
      throw std::runtime_error("robbed");
    }
    stolen.set();
    wait_for_an_idle_worker(pool);
  };
  pool.submit([&] { EXPECT_EQ(thrown_by([&] { parallel_for(0, 8, body, {.grain = 1}); }), "robbed"); }).get();
  EXPECT_EQ(begun.load(), 2);
}

TEST_P(parallel_for_test, of_several_exceptions_the_one_of_the_first_index_comes_out) {
  in_task([] {
    std::array<event, 2> begun;
    EXPECT_EQ(thrown_by([&] {
                parallel_for(0, 2, [&](int index) {
                  begun[static_cast<std::size_t>(index)].set();
                  EXPECT_TRUE(width() == 1 || begun[static_cast<std::size_t>(1 - index)].wait());
                  throw std::runtime_error(std::to_string(index));
                });
              }),
              "0");
  });
}

TEST_P(parallel_for_test, an_exception_of_a_thief_waits_for_the_rest) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to steal";
  in_task([] {
    const event begun;
    const event thrown;
    std::atomic<bool> ended{false};
    EXPECT_EQ(thrown_by([&] {
                parallel_for(0, 2, [&](int index) {
                  if (index == 1) {
                    EXPECT_TRUE(begun.wait());
                    thrown.set();
                    throw std::runtime_error("thief");
                  }
                  begun.set();
                  EXPECT_TRUE(thrown.wait());
                  ended = true;
                });
              }),
              "thief");
    EXPECT_TRUE(ended.load());
  });
}

TEST_P(parallel_for_test, begins_nothing_after_a_stop_request) {
  in_task([] {
    std::stop_source source;
    source.request_stop();
    sightings seen(100);
    EXPECT_THROW(parallel_for(0, 100, seen, {.stop = source.get_token()}), filch::task_cancelled);
    EXPECT_EQ(seen.count(), 0);
    parallel_for(0, 0, seen, {.stop = source.get_token()});
  });
}

// Each thread may have looked at the token just before the request, once.
TEST_P(parallel_for_test, a_stop_request_midway_leaves_out_what_has_not_begun) {
  in_task([] {
    std::stop_source source;
    std::mutex mutex;
    std::multiset<std::thread::id> late;
    const std::string thrown = thrown_by([&] {
      parallel_for(
          0, 100'000,
          [&](int index) {
            if (source.stop_requested()) {
              const std::scoped_lock lock(mutex);
              late.insert(std::this_thread::get_id());
            }
            if (index == 2000) source.request_stop();
          },
          {.grain = 1, .stop = source.get_token()});
    });
    if (width() == 1) {
      EXPECT_NE(thrown.find("parallel_for() has left out"), std::string::npos) << thrown;
    }
    for (const auto& each : late) EXPECT_EQ(late.count(each), 1u);
  });
}

TEST_P(parallel_for_test, a_stop_request_that_leaves_nothing_out_is_no_error) {
  in_task([] {
    std::stop_source source;
    sightings seen(1);
    parallel_for(
        0, 1,
        [&](int index) {
          seen(index);
          source.request_stop();
        },
        {.stop = source.get_token()});
    EXPECT_TRUE(seen.all_once());
  });
}

TEST_P(parallel_for_test, what_a_body_threw_counts_more_than_a_stop_request) {
  in_task([] {
    std::stop_source source;
    const auto fail = [&](int index) {
      if (index != 3) return;
      source.request_stop();
      throw std::runtime_error("three");
    };
    EXPECT_EQ(thrown_by([&] { parallel_for(0, 4, fail, {.stop = source.get_token()}); }), "three");
  });
}

TEST_P(parallel_for_test, loops_joins_and_futures_may_lie_in_each_other) {
  filch::scheduler& pool = make_shaped_pool();
  sightings seen(20 * 10 * 8);
  auto all = pool.submit([&] {
    parallel_for(0, 20, [&](int outer) {
      parallel_for(0, 10, [&, outer](int inner) {
        const int base = (outer * 10 + inner) * 8;
        auto queued = pool.submit([&, base] { parallel_for(base + 4, base + 8, seen, {.grain = 1}); });
        filch::join([&] { seen(base); }, [&] { parallel_for(base + 1, base + 4, seen); });
        queued.get();
      });
    });
  });
  all.get();
  EXPECT_TRUE(seen.all_once());
}

TEST_P(parallel_for_test, many_loops_at_the_same_time_keep_to_their_own) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<filch::future<void>> loops;
  for (int i = 0; i != 20; ++i)
    loops.push_back(pool.submit([] {
      for (unsigned round = 0; round != scaled(200); ++round) {
        std::vector<int> numbers(500, 1);
        parallel_for(numbers, [](int& each) { ++each; }, {.grain = 1 + round % 40});
        EXPECT_EQ(std::ranges::count(numbers, 2), 500);
      }
    }));
  for (auto& each : loops) each.get();
}

TEST_P(parallel_for_test, loops_in_loops_go_on_where_the_stack_ends_or_say_so) {
  constexpr int depth = 30'000;
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> reached{0};
  const std::function<void(int)> descend = [&](int level) {
    reached.fetch_add(1);
    if (level != depth) parallel_for(level, level + 1, [&](int own) { descend(own + 1); });
  };
  const std::string thrown = thrown_by([&] { pool.submit([&] { descend(1); }).get(); });
  EXPECT_TRUE(thrown.empty() ? reached.load() == depth : thrown.find("scheduler_options::spares") != std::string::npos)
      << thrown;
}

}  // namespace
