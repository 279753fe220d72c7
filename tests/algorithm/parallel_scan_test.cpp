// parallel_inclusive_scan() and parallel_exclusive_scan(): running totals, the same bits for every pool.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include <filch/filch.hpp>

#include "algorithm/algorithm_fixture.hpp"

namespace {

using namespace filch_tests;
using filch::parallel_exclusive_scan;
using filch::parallel_inclusive_scan;

class parallel_scan_test : public algorithm_test {};
INSTANTIATE_POOL_SHAPES(parallel_scan_test);

class parallel_scan_bits_test : public algorithm_test {};
INSTANTIATE_TEST_SUITE_P(all, parallel_scan_bits_test, testing::Values(pool_shape{1, 0ns}));

std::vector<int> some_numbers(int size) {
  std::vector<int> numbers;
  for (int i = 0; i != size; ++i) numbers.push_back(i * 7 % 13 - 6);
  return numbers;
}

TEST_P(parallel_scan_test, totals_are_those_of_a_serial_scan) {
  in_task([] {
    for (const int size : sizes_to_try(9))
      for (const filch::loop_options& options : {filch::loop_options{}, {.grain = 1}, {.grain = 11}, {.grain = 100'000}}) {
        const std::vector<int> numbers = some_numbers(size);
        std::vector<long> expected(numbers.size());
        std::vector<long> totals(numbers.size());
        std::inclusive_scan(numbers.begin(), numbers.end(), expected.begin(), std::plus{}, 0L);
        EXPECT_EQ(parallel_inclusive_scan(numbers, totals.begin(), 0L, std::plus{}, options), totals.end());
        EXPECT_EQ(totals, expected);
        std::exclusive_scan(numbers.begin(), numbers.end(), expected.begin(), 0L, std::plus{});
        EXPECT_EQ(parallel_exclusive_scan(numbers, totals.begin(), 0L, std::plus{}, options), totals.end());
        EXPECT_EQ(totals, expected);
      }
  });
}

TEST_P(parallel_scan_test, in_place) {
  in_task([] {
    for (const int size : sizes_to_try(10)) {
      std::vector<int> expected = some_numbers(size);
      std::vector<int> numbers = expected;
      std::inclusive_scan(expected.begin(), expected.end(), expected.begin());
      parallel_inclusive_scan(numbers, numbers.begin(), 0, std::plus{}, {.grain = 5});
      EXPECT_EQ(numbers, expected);
      std::exclusive_scan(expected.begin(), expected.end(), expected.begin(), 0);
      parallel_exclusive_scan(numbers, numbers.begin(), 0, std::plus{});
      EXPECT_EQ(numbers, expected);
    }
  });
}

TEST_P(parallel_scan_test, combines_in_order_where_the_order_matters) {
  in_task([] {
    std::vector<std::string> letters;
    for (int i = 0; i != 700; ++i) letters.push_back({static_cast<char>('a' + i % 26)});
    std::vector<std::string> expected(letters.size());
    std::vector<std::string> totals(letters.size());
    std::inclusive_scan(letters.begin(), letters.end(), expected.begin());
    parallel_inclusive_scan(letters, totals.begin(), std::string(), std::plus{}, {.grain = 20});
    EXPECT_EQ(totals, expected);
    std::exclusive_scan(letters.begin(), letters.end(), expected.begin(), std::string());
    parallel_exclusive_scan(letters, totals.begin(), std::string(), std::plus{});
    EXPECT_EQ(totals, expected);
  });
}

TEST_P(parallel_scan_test, totals_may_be_truth_values) {
  in_task([] {
    std::vector<int> numbers(1000, 0);
    numbers[400] = 1;
    std::vector<char> seen(numbers.size());
    parallel_inclusive_scan(numbers, seen.begin(), false, std::logical_or{}, {.grain = 10});
    EXPECT_EQ(std::ranges::count(seen, 1), 600);
  });
}

TEST_P(parallel_scan_bits_test, totals_of_floating_point_numbers_are_the_same_for_every_pool) {
  for (const int size : {1, 2, 1000, 50'000}) {
    const std::vector<double> numbers = uneven_numbers(size);
    const auto all_totals = in_each_pool([&] {
      std::vector<double> totals(2 * numbers.size());
      const auto end = parallel_inclusive_scan(numbers, totals.begin(), 0.0, std::plus{});
      parallel_exclusive_scan(numbers, end, 0.0, std::plus{}, {.grain = 37});
      return totals;
    });
    for (const auto& each : all_totals)
      EXPECT_EQ(std::memcmp(each.data(), all_totals.front().data(), each.size() * sizeof(double)), 0) << size;
  }
}

TEST_P(parallel_scan_test, throws_what_its_function_threw_in_either_pass) {
  in_task([] {
    const std::vector<int> numbers(1000, 1);
    std::vector<int> totals(numbers.size());
    for (const int failing : {1, 10, 500, 1000}) {
      const auto fail = [&](int left, int right) {
        if (left + right == failing) throw std::runtime_error(std::to_string(failing));
        return left + right;
      };
      EXPECT_EQ(thrown_by([&] { parallel_inclusive_scan(numbers, totals.begin(), 0, fail, {.grain = 100}); }),
                std::to_string(failing));
      EXPECT_EQ(thrown_by([&] { parallel_exclusive_scan(numbers, totals.begin(), 0, fail, {.grain = 100}); }),
                std::to_string(failing));
    }
    EXPECT_THROW(parallel_inclusive_scan(numbers, totals.begin(), 0, std::function<int(int, int)>()), std::invalid_argument);
  });
}

TEST_P(parallel_scan_test, a_stop_request_in_either_pass_ends_it) {
  in_task([] {
    const std::vector<int> numbers(1000, 1);
    for (const int moment : {0, 1, 150, 950}) {
      std::vector<int> totals(numbers.size(), -1);
      std::stop_source source;
      if (moment == 0) source.request_stop();
      const auto add = [&](int left, int right) {
        if (left + right == moment) source.request_stop();
        return left + right;
      };
      const std::string thrown = thrown_by(
          [&] { parallel_inclusive_scan(numbers, totals.begin(), 0, add, {.grain = 100, .stop = source.get_token()}); });
      if (width() == 1 && moment != 950) {
        EXPECT_NE(thrown.find("parallel_inclusive_scan() has left out"), std::string::npos) << thrown;
      }
      for (int i = 0; i != 1000; ++i) {
        const int total = totals[static_cast<std::size_t>(i)];
        EXPECT_TRUE(total == i + 1 || (total == -1 && !thrown.empty())) << i;
      }
    }
  });
}

TEST_P(parallel_scan_test, works_from_outside_and_says_what_to_do_where_there_is_no_pool) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<int> numbers(100, 1);
  parallel_inclusive_scan(pool, numbers, numbers.begin(), 0, std::plus{});
  EXPECT_EQ(numbers.back(), 100);
  parallel_exclusive_scan(pool.executor(), numbers, numbers.begin(), 0, std::plus{});
  EXPECT_EQ(numbers.back(), 4950);
  EXPECT_NE(thrown_by([&] { parallel_inclusive_scan(numbers, numbers.begin(), 0, std::plus{}); })
                .find("parallel_inclusive_scan(pool, ...)"),
            std::string::npos);
  EXPECT_NE(thrown_by([&] { parallel_exclusive_scan(numbers, numbers.begin(), 0, std::plus{}); })
                .find("parallel_exclusive_scan(pool, ...)"),
            std::string::npos);
}

}  // namespace
