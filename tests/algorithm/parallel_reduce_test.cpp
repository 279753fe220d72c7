// parallel_reduce(): the value of a serial loop, the same bits for every pool, and its ends before the end.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
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
using filch::parallel_reduce;

class parallel_reduce_test : public algorithm_test {};
INSTANTIATE_POOL_SHAPES(parallel_reduce_test);

class parallel_reduce_bits_test : public algorithm_test {};
INSTANTIATE_TEST_SUITE_P(all, parallel_reduce_bits_test, testing::Values(pool_shape{1, 0ns}));

std::string letter(int index) { return {static_cast<char>('a' + index % 26)}; }

TEST_P(parallel_reduce_test, adds_up_what_a_serial_loop_adds_up) {
  in_task([] {
    for (const int size : sizes_to_try(4))
      for (const filch::loop_options& options : {filch::loop_options{}, {.grain = 1}, {.grain = 13}, {.grain = 100'000}}) {
        std::vector<std::int64_t> squares;
        for (std::int64_t i = 0; i != size; ++i) squares.push_back(i * i);
        const std::int64_t expected = std::accumulate(squares.begin(), squares.end(), std::int64_t{0});
        const auto square = [](std::int64_t i) { return i * i; };
        EXPECT_EQ(parallel_reduce(0, size, std::int64_t{0}, square, std::plus{}, options), expected) << size;
        EXPECT_EQ(parallel_reduce(squares, std::int64_t{0}, std::identity{}, std::plus{}, options), expected) << size;
      }
  });
}

TEST_P(parallel_reduce_test, combines_in_order_where_the_order_matters) {
  in_task([] {
    for (const int size : sizes_to_try(5)) {
      std::string expected;
      for (int i = 0; i != size; ++i) expected += letter(i);
      EXPECT_EQ(parallel_reduce(0, size, std::string(), letter, std::plus{}), expected);
      EXPECT_EQ(parallel_reduce(0, size, std::string(), letter, std::plus{}, {.grain = 3}), expected);
    }
  });
}

TEST_P(parallel_reduce_test, a_yield_of_two_positions_makes_the_value_of_a_block) {
  in_task([] {
    for (const int size : sizes_to_try(6)) {
      std::vector<int> numbers(static_cast<std::size_t>(size));
      std::iota(numbers.begin(), numbers.end(), 1);
      using place = std::vector<int>::iterator;
      const auto sum = [](place from, place to, long value) { return std::accumulate(from, to, value); };
      EXPECT_EQ(parallel_reduce(numbers, 0L, sum, std::plus{}), std::accumulate(numbers.begin(), numbers.end(), 0L));
      std::atomic<int> blocks{0};
      const auto count = [&](int from, int to, int value) {
        blocks.fetch_add(1);
        EXPECT_LE(to - from, 10);
        return value + to - from;
      };
      EXPECT_EQ(parallel_reduce(0, size, 0, count, std::plus{}, {.grain = 10}), size);
      EXPECT_EQ(blocks.load(), (size + 9) / 10);
    }
  });
}

TEST_P(parallel_reduce_test, an_empty_range_is_worth_the_identity) {
  in_task([] {
    const auto never = [](int) -> int { throw std::logic_error("called"); };
    EXPECT_EQ(parallel_reduce(3, 3, 7, never, std::plus{}), 7);
    EXPECT_EQ(parallel_reduce(3, 2, 7, never, std::plus{}), 7);
    std::stop_source source;
    source.request_stop();
    EXPECT_EQ(parallel_reduce(std::vector<int>{}, 7, never, std::plus{}, {.stop = source.get_token()}), 7);
  });
}

TEST_P(parallel_reduce_test, values_may_be_containers_that_are_merged) {
  in_task([] {
    using counts = std::map<int, int>;
    const auto one = [](int i) { return counts{{i % 10, 1}}; };
    const auto merge = [](counts left, const counts& right) {
      for (const auto& [key, count] : right) left[key] += count;
      return left;
    };
    const counts all = parallel_reduce(0, 5000, counts{}, one, merge);
    EXPECT_EQ(all.size(), 10u);
    for (const auto& [key, count] : all) EXPECT_EQ(count, 500) << key;
  });
}

double sum_of(const std::vector<double>& numbers, const filch::loop_options& options) {
  return parallel_reduce(numbers, 0.0, std::identity{}, std::plus{}, options);
}

// Whoever computes what: the numbers are such that another order of additions gives another sum.
TEST_P(parallel_reduce_bits_test, a_sum_of_floating_point_numbers_is_the_same_for_every_pool) {
  for (const int size : {1, 2, 1000, 100'000}) {
    const std::vector<double> numbers = uneven_numbers(size);
    for (const filch::loop_options& options : {filch::loop_options{}, {.grain = 37}}) {
      std::vector<std::uint64_t> sums;
      for (unsigned round = 0; round != 3; ++round)
        for (const double each : in_each_pool([&] { return sum_of(numbers, options); }))
          sums.push_back(std::bit_cast<std::uint64_t>(each));
      EXPECT_EQ(std::ranges::count(sums, sums.front()), 15) << size;
      EXPECT_NEAR(std::bit_cast<double>(sums.front()), std::accumulate(numbers.begin(), numbers.end(), 0.0), 1.0) << size;
    }
  }
}

// So that the test above could fail.
TEST_P(parallel_reduce_bits_test, the_numbers_of_these_tests_have_another_sum_in_another_order) {
  const std::vector<double> numbers = uneven_numbers(100'000);
  const auto sum_by = [&](std::int64_t grain) {
    return make_pool().submit([&] { return sum_of(numbers, {.grain = grain}); }).get();
  };
  EXPECT_NE(sum_by(37), sum_by(38));
}

TEST_P(parallel_reduce_test, an_idle_worker_takes_the_upper_half_at_once) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to take it";
  in_task([] {
    std::array<event, 2> begun;
    const auto meet = [&](int index) {
      begun[static_cast<std::size_t>(index)].set();
      EXPECT_TRUE(begun[static_cast<std::size_t>(1 - index)].wait());
      return 1;
    };
    EXPECT_EQ(parallel_reduce(0, 2, 0, meet, std::plus{}), 2);
  });
}

TEST_P(parallel_reduce_test, throws_what_either_function_threw) {
  in_task([] {
    for (const int failing : {0, 1, 500, 999}) {
      const auto fail = [&](int index) {
        if (index == failing) throw std::runtime_error(std::to_string(index));
        return index;
      };
      EXPECT_EQ(thrown_by([&] { (void)parallel_reduce(0, 1000, 0, fail, std::plus{}); }), std::to_string(failing));
    }
    const auto refuse = [](int left, int right) {
      if (right > 990) throw std::runtime_error("combine");
      return left > right ? left : right;
    };
    EXPECT_EQ(thrown_by([&] { (void)parallel_reduce(0, 1000, 0, std::identity{}, refuse); }), "combine");
  });
}

TEST_P(parallel_reduce_test, of_several_exceptions_the_one_of_the_first_index_comes_out) {
  in_task([] {
    std::array<event, 2> begun;
    const auto fail = [&](int index) -> int {
      begun[static_cast<std::size_t>(index)].set();
      EXPECT_TRUE(width() == 1 || begun[static_cast<std::size_t>(1 - index)].wait());
      throw std::runtime_error(std::to_string(index));
    };
    EXPECT_EQ(thrown_by([&] { (void)parallel_reduce(0, 2, 0, fail, std::plus{}); }), "0");
  });
}

TEST_P(parallel_reduce_test, begins_no_block_after_a_stop_request) {
  in_task([] {
    std::stop_source source;
    std::atomic<int> calls{0};
    const auto stop_at_ten = [&](int index) {
      calls.fetch_add(1);
      if (index == 10) source.request_stop();
      return index;
    };
    const std::string thrown = thrown_by(
        [&] { (void)parallel_reduce(0, 100'000, 0L, stop_at_ten, std::plus{}, {.grain = 1, .stop = source.get_token()}); });
    if (width() == 1) {
      EXPECT_NE(thrown.find("parallel_reduce() has left out"), std::string::npos) << thrown;
      EXPECT_EQ(calls.load(), 11);
    }
    calls = 0;
    const filch::loop_options stopped{.stop = source.get_token()};
    EXPECT_THROW((void)parallel_reduce(0, 10, 0L, stop_at_ten, std::plus{}, stopped), filch::task_cancelled);
    EXPECT_EQ(calls.load(), 0);
  });
}

TEST_P(parallel_reduce_test, works_from_outside_and_says_what_to_do_where_there_is_no_pool) {
  filch::scheduler& pool = make_shaped_pool();
  const std::vector<int> numbers(1000, 2);
  EXPECT_EQ(parallel_reduce(pool, 0, 1000, 0, std::identity{}, std::plus{}), 499'500);
  EXPECT_EQ(parallel_reduce(pool.executor(), numbers, 0, std::identity{}, std::plus{}), 2000);
  const std::string thrown = thrown_by([&] { (void)parallel_reduce(numbers, 0, std::identity{}, std::plus{}); });
  EXPECT_NE(thrown.find("parallel_reduce(pool, ...)"), std::string::npos) << thrown;
  EXPECT_THROW((void)parallel_reduce(pool, numbers, 0, std::identity{}, std::plus{}, {.grain = 0}), std::invalid_argument);
}

TEST_P(parallel_reduce_test, a_loop_of_reductions_of_reductions) {
  in_task([] {
    std::vector<long> sums(30);
    filch::parallel_for(0, 30, [&](int outer) {
      sums[static_cast<std::size_t>(outer)] = parallel_reduce(
          0, outer, 0L, [](int inner) { return parallel_reduce(0, inner, 0L, std::identity{}, std::plus{}, {.grain = 1}); },
          std::plus{});
    });
    for (long outer = 0; outer != 30; ++outer)
      EXPECT_EQ(sums[static_cast<std::size_t>(outer)], outer * (outer - 1) * (outer - 2) / 6);
  });
}

}  // namespace
