// The stream of results: what comes out, in which order, and how much of it is in flight.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <ranges>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "flow/both_orders.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;
using filch::map_options;
using filch::result_order;

class map_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(map_test);

/// The numbers from 0 on; calls `taken(i)` when the i-th is read.
template <class Taken>
auto numbers(Taken taken) {
  return std::views::iota(0) | std::views::transform([taken](int i) {
           taken(i);
           return i;
         });
}

constexpr auto itself = [](int i) { return i; };

using numbered = std::vector<std::pair<std::uint64_t, int>>;

template <class Range>
numbered values_of(Range&& range) {
  numbered values;
  for (auto& each : range) values.emplace_back(each.index(), each.value());
  return values;
}

numbered squares(int count) {
  numbered values;
  for (int i = 0; i != count; ++i) values.emplace_back(i, i * i);
  return values;
}

TEST_P(map_test, results_come_in_the_order_of_the_inputs) {
  filch::scheduler& pool = make_shaped_pool();
  for (const std::int64_t window : {1, 2, 3, 64, 1'000'000})
    EXPECT_EQ(values_of(filch::map(pool, std::views::iota(0, 1'000), [](int i) { return i * i; }, {.window = window})),
              squares(1'000));
  EXPECT_EQ(values_of(filch::map(pool, std::views::iota(0, 1'000), [](int i) { return i * i; })), squares(1'000));
}

TEST_P(map_test, in_the_order_of_completion_each_comes_once_with_its_index) {
  filch::scheduler& pool = make_shaped_pool();
  for (const std::int64_t window : {1, 2, 3, 64, 1'000'000}) {
    numbered values = values_of(filch::map(pool, std::views::iota(0, 1'000), [](int i) { return i * i; },
                                           {.order = result_order::completion, .window = window}));
    std::ranges::sort(values);
    EXPECT_EQ(values, squares(1'000));
  }
}

TEST_P(map_test, one_that_takes_long_holds_up_the_others_only_in_the_order_of_the_inputs) {
  if (width() == 1) GTEST_SKIP() << "needs a worker for the others";
  filch::scheduler& pool = make_shaped_pool();
  event go;
  std::set<int> others;
  for (auto& each : filch::map(
           pool, std::views::iota(0, 10),
           [&](int i) {
             if (i == 0) {
               EXPECT_TRUE(go.wait());
             }
             return i;
           },
           {.order = result_order::completion, .window = 10})) {
    others.insert(*each);
    if (others.size() == 9) {
      EXPECT_FALSE(others.contains(0));
      go.set();
    }
  }
  EXPECT_EQ(others.size(), 10U);
}

TEST_P(map_test, nothing_is_taken_before_begin) {
  filch::scheduler& pool = make_shaped_pool();
  int taken = 0;
  auto range = filch::map(pool, numbers([&](int) { ++taken; }), itself, {.window = 4});
  EXPECT_EQ(taken, 0);
  EXPECT_EQ(**range.begin(), 0);
  EXPECT_GE(taken, 1);
  EXPECT_LE(taken, 4);
}

TEST_P(map_test, never_more_elements_than_the_window) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders)
    for (const int window : {1, 2, 7, 64, 300}) {
      int taken = 0;
      int done = 0;
      int most = 0;
      crowd inside;
      const auto f = [&](int i) {
        inside.enter();
        inside.leave();
        return i;
      };
      const auto counted = numbers([&](int) { most = std::max(most, ++taken - done); });
      for (auto& each : filch::map(pool, counted, f, {.order = order, .window = window})) {
        EXPECT_TRUE(each);
        if (++done == 1'000) break;
      }
      EXPECT_EQ(most, window);
      EXPECT_LE(inside.most(), static_cast<unsigned>(window));
    }
}

TEST_P(map_test, endless_inputs_end_with_a_view_that_takes_some) {
  filch::scheduler& pool = make_shaped_pool();
  auto range = filch::map(pool, std::views::iota(0), [](int i) { return std::to_string(i); });
  static_assert(std::ranges::input_range<decltype(range)>);
  static_assert(!std::ranges::forward_range<decltype(range)>);
  static_assert(!std::is_copy_constructible_v<decltype(range)>);
  std::string all;
  for (auto& each : range | std::views::take(12)) all += *each;
  EXPECT_EQ(all, "01234567891011");

  std::vector<std::uint64_t> odd;
  const auto is_odd = std::views::filter([](auto& each) { return *each % 2 == 1; });
  const auto number = std::views::transform([](auto& each) { return each.index(); });
  for (const auto index : filch::map(pool, std::views::iota(0), itself) | is_odd | number | std::views::take(3))
    odd.push_back(index);
  EXPECT_EQ(odd, (std::vector<std::uint64_t>{1, 3, 5}));
}

TEST_P(map_test, single_pass_inputs_are_read_as_far_as_needed) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    std::istringstream text("1 2 3 4 5 6 7 8 9 10");
    int sum = 0;
    for (auto& each : filch::map(pool, std::views::istream<int>(text), [](int i) { return i * i; }, {.order = order}))
      sum += *each;
    EXPECT_EQ(sum, 385);
  }
  std::istringstream text("1 2 3 4 5 6 7 8 9 10");
  {
    auto range = filch::map(pool, std::views::istream<int>(text), itself, {.window = 3});
    EXPECT_EQ(**range.begin(), 1);
  }
  int next = 0;
  text >> next;
  EXPECT_EQ(next, 4);  // the next is read when there is room for it, not before
}

TEST_P(map_test, inputs_and_results_may_be_move_only) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<std::unique_ptr<int>> inputs;
  for (int i = 0; i != 100; ++i) inputs.push_back(std::make_unique<int>(i));
  const auto negate = [](std::unique_ptr<int> i) {
    *i = -*i;
    return i;
  };
  std::vector<filch::map_result<std::unique_ptr<int>>> kept;
  for (auto& each : filch::map(pool, std::move(inputs), negate)) kept.push_back(std::move(each));
  ASSERT_EQ(kept.size(), 100U);
  EXPECT_EQ(**kept[42], -42);
  const std::unique_ptr<int> last = std::move(kept[99]).value();
  EXPECT_EQ(*last, -99);

  const auto made = std::views::iota(0, 10) | std::views::transform([](int i) { return std::make_unique<int>(i); });
  int sum = 0;
  for (auto& each : filch::map(pool, made, negate)) sum += *each.value();
  EXPECT_EQ(sum, -45);
}

TEST_P(map_test, an_lvalue_is_left_as_it_is_and_elements_are_values) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<std::string> words{"a", "b", "c"};
  std::string all;
  for (auto& each : filch::map(pool, words, [](std::string word) { return std::move(word) + "!"; })) {
    words[each.index()] = "changed";
    all += each->c_str();
  }
  EXPECT_EQ(all, "a!b!c!");
  std::vector<bool> bits{true, false, true};
  std::vector<bool> flipped;
  for (auto& each : filch::map(pool, bits, [](bool bit) { return !bit; })) flipped.push_back(*each);
  EXPECT_EQ(flipped, (std::vector<bool>{false, true, false}));
}

TEST_P(map_test, results_may_be_void_references_or_exception_pointers) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> called{0};
  for (auto& each : filch::map(pool, std::views::iota(0, 10), [&](int) { called.fetch_add(1); })) {
    EXPECT_TRUE(each);
    each.value();
    *each;
  }
  EXPECT_EQ(called.load(), 10);

  std::vector<int> cells(10);
  const auto cell = [&](int i) -> int& { return cells[static_cast<std::size_t>(i)]; };
  for (auto& each : filch::map(pool, std::views::iota(0, 10), cell))
    each.value() = static_cast<int>(each.index());
  EXPECT_EQ(cells[9], 9);

  for (auto& each : filch::map(pool, std::views::iota(0, 3), [](int) { return std::make_exception_ptr(1); })) {
    EXPECT_EQ(each.error(), nullptr);
    EXPECT_NE(each.value(), nullptr);
  }
}

TEST_P(map_test, an_error_comes_with_its_index_and_the_others_go_on) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    std::set<std::uint64_t> failed;
    unsigned good = 0;
    for (const auto& each : filch::map(
             pool, std::views::iota(0, 100),
             [](int i) {
               if (i % 7 == 3) throw std::runtime_error(std::to_string(i));
               return i;
             },
             {.order = order})) {
      if (each) {
        EXPECT_EQ(each.error(), nullptr);
        EXPECT_EQ(*each, static_cast<int>(each.index()));
        ++good;
        continue;
      }
      failed.insert(each.index());
      try {
        (void)each.value();
        ADD_FAILURE() << "value() of an error returned";
      } catch (const std::runtime_error& thrown) {
        EXPECT_EQ(thrown.what(), std::to_string(each.index()));
      }
      EXPECT_THROW(std::rethrow_exception(each.error()), std::runtime_error);
    }
    EXPECT_EQ(good, 86U);
    EXPECT_EQ(failed.size(), 14U);
    EXPECT_TRUE(failed.contains(94));
  }
  EXPECT_EQ(pool.metrics().dropped_exceptions, 0U);
}

TEST_P(map_test, what_inputs_throw_comes_when_those_before_have_been_pulled) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders)
    for (const int bad : {0, 1, 40}) {
      std::set<std::uint64_t> seen;
      auto range = filch::map(pool, numbers([&](int i) {
                                if (i == bad) throw std::out_of_range("no more");
                              }),
                              itself, {.order = order, .window = 8});
      EXPECT_THROW(
          {
            for (auto& each : range) seen.insert(each.index());
          },
          std::out_of_range);
      EXPECT_EQ(seen.size(), static_cast<std::size_t>(bad));
      EXPECT_TRUE(range.begin() == range.end());
    }
}

TEST_P(map_test, an_input_is_dead_before_its_result_can_be_seen) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    std::vector<std::shared_ptr<int>> inputs;
    for (int i = 0; i != 100; ++i) inputs.push_back(std::make_shared<int>(i));
    for (auto& each : filch::map(
             pool, inputs,
             [](const std::shared_ptr<int>& i) {
               if (*i % 3 == 0) throw *i;
             },
             {.order = order}))
      EXPECT_EQ(inputs[each.index()].use_count(), 1);
  }
}

TEST_P(map_test, without_inputs_there_are_no_results) {
  filch::scheduler& pool = make_shaped_pool();
  auto range = filch::map(pool, std::vector<int>(), itself);
  EXPECT_TRUE(range.begin() == range.end());
  EXPECT_TRUE(range.begin() == range.end());
}

TEST_P(map_test, a_range_may_be_moved_while_it_is_pulled_and_one_that_was_moved_from_is_empty) {
  filch::scheduler& pool = make_shaped_pool();
  auto one = filch::map(pool, std::views::iota(0, 100), itself, {.window = 10});
  auto it = one.begin();
  EXPECT_EQ(**it, 0);
  auto other = std::move(one);
  EXPECT_TRUE(one.begin() == one.end());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(**other.begin(), 0);          // where it is
  ++it;
  EXPECT_EQ(**other.begin(), 1);
  one = std::move(other);
  EXPECT_EQ(values_of(one).size(), 99U);
  EXPECT_THROW((void)*one.begin(), std::bad_optional_access);
  one = filch::map(pool, std::views::iota(0, 100), itself);
  EXPECT_EQ(values_of(one).size(), 100U);
}

TEST_P(map_test, misuse_is_an_error_at_the_call) {
  filch::scheduler& pool = make_shaped_pool();
  const std::vector<int> inputs{1, 2, 3};
  for (const std::int64_t window : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN})
    EXPECT_THROW((void)filch::map(pool, inputs, itself, {.window = window}), std::invalid_argument);
  EXPECT_THROW((void)filch::map(pool, inputs, std::function<int(int)>()), std::invalid_argument);
  EXPECT_THROW((void)filch::map(pool, inputs, static_cast<int (*)(int)>(nullptr)), std::invalid_argument);
  EXPECT_THROW((void)filch::map(pool, inputs, itself, {.order = static_cast<result_order>(7)}), std::invalid_argument);
  EXPECT_THROW((void)filch::map(pool, inputs, itself, {.task = {.priority = static_cast<filch::priority>(7)}}),
               std::invalid_argument);
}

TEST_P(map_test, its_tasks_have_the_priority_of_the_options) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    held_workers held(pool, width());
    std::thread consumer([&] {
      EXPECT_EQ(values_of(filch::map(pool, std::views::iota(0, 3), itself,
                                     {.order = order, .window = 3, .task = {.priority = filch::priority::high}}))
                    .size(),
                3U);
    });
    EXPECT_TRUE(eventually([&] { return pool.metrics().waiting.high == 3; }));
    held.release();
    consumer.join();
  }
}

// --- on a worker ---

TEST_P(map_test, on_the_only_worker_elements_run_in_place) {
  filch::scheduler& pool = make_shaped_pool();
  if (width() != 1) GTEST_SKIP() << "others may be faster";
  for (const result_order order : both_orders)
    EXPECT_TRUE(pool.submit([&] {
                      const std::thread::id here = std::this_thread::get_id();
                      bool same = true;
                      const auto where = [](int) { return std::this_thread::get_id(); };
                      for (auto& each : filch::map(pool, std::views::iota(0, 100), where, {.order = order}))
                        same = same && *each == here;
                      return same;
                    }).get());
  EXPECT_EQ(pool.metrics().workers[0].blocked_waits, 0U);
}

int leaves_below(filch::scheduler& pool, int depth, result_order order) {
  if (depth == 0) return 1;
  int sum = 0;
  const auto leaves = [&](int) { return leaves_below(pool, depth - 1, order); };
  for (auto& each : filch::map(pool, std::views::iota(0, 4), leaves, {.order = order, .window = 3})) sum += *each;
  return sum;
}

TEST_P(map_test, one_worker_is_enough_for_any_nesting) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    EXPECT_EQ(leaves_below(pool, 5, order), 1'024);
    EXPECT_EQ(pool.submit([&] { return leaves_below(pool, 5, order); }).get(), 1'024);
  }
}

thread_local bool is_pulling = false;

TEST_P(map_test, no_stranger_runs_inside) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    std::atomic<unsigned> strangers{0};
    std::atomic<bool> met{false};
    pool.submit([&] {
          for (int i = 0; i != 100; ++i)
            pool.post([&] {
              if (is_pulling) met.store(true);
              strangers.fetch_add(1);
            });
          is_pulling = true;
          EXPECT_EQ(values_of(filch::map(pool, std::views::iota(0, 100), itself, {.order = order, .window = 5})).size(), 100U);
          is_pulling = false;
        }).get();
    pool.wait_idle();
    EXPECT_EQ(strangers.load(), 100U);
    EXPECT_FALSE(met.load());
  }
}

// Each element needs the worker that waits for it.
TEST_P(map_test, a_worker_that_waits_for_another_pool_is_stood_in_for) {
  filch::scheduler& here = make_shaped_pool();
  filch::scheduler& there = make_shaped_pool();
  for (const result_order order : both_orders)
    EXPECT_EQ(here.submit([&] {
                    return values_of(filch::map(
                                         there, std::views::iota(0, 50), [&](int i) { return here.submit(itself, i).get(); },
                                         {.order = order}))
                        .size();
                  }).get(),
              50U);
}

TEST_P(map_test, a_result_that_throws_when_it_is_moved_is_an_error_of_its_own) {
  struct throws_when_moved {
    throws_when_moved() = default;
    throws_when_moved(throws_when_moved&&) { throw std::runtime_error("no move"); }
  };
  filch::scheduler& pool = make_shaped_pool();
  std::uint64_t come = 0;
  for (auto& each : filch::map(pool, std::views::iota(0, 3), [](int) { return throws_when_moved(); })) {
    EXPECT_FALSE(each);
    EXPECT_THROW(std::rethrow_exception(each.error()), std::runtime_error);
    ++come;
  }
  EXPECT_EQ(come, 3U);
}

TEST_P(map_test, without_a_spare_it_throws_and_can_go_on) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  options.spares = 0;
  filch::scheduler& here = make_pool(options);
  filch::scheduler& there = make_shaped_pool();
  for (const result_order order : both_orders) {
    event go;
    EXPECT_EQ(here.submit([&] {
                    auto range = filch::map(
                        there, std::views::iota(0, 10),
                        [&](int i) {
                          EXPECT_TRUE(go.wait());
                          return i;
                        },
                        {.order = order});
                    EXPECT_THROW((void)range.begin(), filch::too_many_blocked);
                    EXPECT_THROW((void)range.begin(), filch::too_many_blocked);
                    go.set();
                    std::size_t count = 0;
                    EXPECT_TRUE(eventually([&] {
                      try {
                        for (auto it = range.begin(); it != range.end(); ++it) ++count;
                        return true;
                      } catch (const filch::too_many_blocked&) {
                        return false;
                      }
                    }));
                    return count;
                  }).get(),
              10U);
  }
}

TEST_P(map_test, an_element_that_pulls_its_own_range_is_told_so) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    std::function<void()> pull;
    const auto first_pulls = [&](int i) {
      if (i == 0) pull();
    };
    auto range = filch::map(pool, std::views::iota(0, 3), first_pulls, {.order = order, .window = 3});
    pull = [&] { (void)range.begin(); };
    pool.submit([&] {
          if (width() != 1) return;  // in place
          auto it = range.begin();
          EXPECT_THROW(it->value(), filch::would_deadlock);
          for (++it; it != range.end(); ++it) EXPECT_TRUE(*it);
        }).get();
  }
}

// --- many ---

TEST_P(map_test, many_ranges_at_once_with_tasks_that_throw_and_consumers_that_leave) {
  filch::scheduler& pool = make_shaped_pool();
  const int rounds = static_cast<int>(scaled(400));
  const auto consume = [&](unsigned seed) {
    for (int round = 0; round != rounds; ++round) {
      seed = seed * 1'664'525U + 1'013'904'223U;
      const int count = static_cast<int>(seed >> 8U) % 200;
      const int leave = static_cast<int>(seed >> 16U) % 300;
      std::stop_source group;
      map_options options{.order = both_orders[(seed >> 30U) % 2], .window = 1 + (seed >> 20U) % 40};
      if (seed % 3 == 0) options.task.stop = group.get_token();
      std::set<std::uint64_t> seen;
      for (auto& each : filch::map(
               pool, std::views::iota(0, count),
               [](int i) {
                 if (i % 10 == 9) throw i;
                 return std::make_unique<int>(i);
               },
               options)) {
        EXPECT_TRUE(seen.insert(each.index()).second);
        if (each) {
          EXPECT_EQ(**each, static_cast<int>(each.index()));
        }
        if (static_cast<int>(seen.size()) == leave) {
          if (seed % 2 == 0) break;
          group.request_stop();
        }
      }
      if (leave > count || leave == 0) {
        EXPECT_EQ(seen.size(), static_cast<std::size_t>(count));
      }
    }
  };
  std::vector<std::thread> outside;
  for (unsigned i = 0; i != 2; ++i) outside.emplace_back(consume, i);
  std::vector<filch::future<void>> inside;
  for (unsigned i = 0; i != 3; ++i) inside.push_back(pool.submit(consume, 17 + i));
  for (auto& each : inside) each.get();
  for (std::thread& each : outside) each.join();
}

}  // namespace
