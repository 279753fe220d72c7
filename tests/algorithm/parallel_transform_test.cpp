// parallel_transform(): of one range and of two, into another or in place.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <filch/filch.hpp>

#include "algorithm/algorithm_fixture.hpp"

namespace {

using namespace filch_tests;
using filch::parallel_transform;

class parallel_transform_test : public algorithm_test {};
INSTANTIATE_POOL_SHAPES(parallel_transform_test);

std::vector<int> numbers_to(int size) {
  std::vector<int> numbers(static_cast<std::size_t>(size));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST_P(parallel_transform_test, writes_what_the_function_makes_of_each_element) {
  in_task([] {
    for (const int size : sizes_to_try(7)) {
      const std::vector<int> from = numbers_to(size);
      std::deque<long> to(static_cast<std::size_t>(size) + 1, -1);
      std::vector<long> expected;
      for (const int each : from) expected.push_back(3L * each);
      expected.push_back(-1);
      const auto end = parallel_transform(from, to.begin(), [](int each) { return 3L * each; });
      EXPECT_TRUE(std::ranges::equal(to, expected));
      EXPECT_EQ(end, to.begin() + size);
    }
  });
}

TEST_P(parallel_transform_test, of_two_ranges_until_the_end_of_the_shorter_one) {
  in_task([] {
    for (const int size : sizes_to_try(8)) {
      const std::vector<int> one = numbers_to(size);
      std::deque<std::string> other;
      for (int i = 0; i != 1000; ++i) other.push_back(std::to_string(i));
      std::vector<std::string> to(static_cast<std::size_t>(size), "untouched");
      const auto both = [](int left, const std::string& right) { return std::to_string(left) + right; };
      const auto end = parallel_transform(one, other, to.begin(), both, {.grain = 9});
      const auto written = static_cast<std::size_t>(std::min(size, 1000));
      EXPECT_EQ(static_cast<std::size_t>(end - to.begin()), written);
      for (std::size_t i = 0; i != to.size(); ++i)
        EXPECT_EQ(to[i], i < written ? both(static_cast<int>(i), other[i]) : "untouched");
    }
  });
}

TEST_P(parallel_transform_test, in_place) {
  in_task([] {
    std::vector<int> numbers = numbers_to(5000);
    parallel_transform(numbers, numbers.begin(), std::negate{});
    for (int i = 0; i != 5000; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], -i);
    parallel_transform(numbers, numbers, numbers.begin(), std::multiplies{});
    for (int i = 0; i != 5000; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i * i);
  });
}

TEST_P(parallel_transform_test, moves_what_can_only_be_moved) {
  in_task([] {
    std::vector<std::unique_ptr<int>> from;
    for (int i = 0; i != 1000; ++i) from.push_back(std::make_unique<int>(i));
    std::vector<std::unique_ptr<int>> to(from.size());
    parallel_transform(from, to.begin(), [](std::unique_ptr<int>& each) { return std::move(each); });
    for (int i = 0; i != 1000; ++i) EXPECT_EQ(*to[static_cast<std::size_t>(i)], i);
  });
}

TEST_P(parallel_transform_test, calls_members) {
  in_task([] {
    const std::array<std::string, 3> words{"a", "bc", "def"};
    std::array<std::size_t, 3> lengths{};
    parallel_transform(words, lengths.begin(), &std::string::size);
    EXPECT_EQ(lengths, (std::array<std::size_t, 3>{1, 2, 3}));
  });
}

TEST_P(parallel_transform_test, throws_what_the_function_threw) {
  in_task([] {
    std::vector<int> numbers = numbers_to(3000);
    for (const int failing : {0, 1500, 2999})
      EXPECT_EQ(thrown_by([&] {
                  parallel_transform(numbers, numbers.begin(), [&](int each) {
                    if (each == failing) throw std::runtime_error(std::to_string(each));
                    return each;
                  });
                }),
                std::to_string(failing));
    EXPECT_THROW(parallel_transform(numbers, numbers.begin(), std::function<int(int)>()), std::invalid_argument);
  });
}

TEST_P(parallel_transform_test, writes_nothing_after_a_stop_request) {
  in_task([] {
    std::stop_source source;
    source.request_stop();
    std::vector<int> numbers = numbers_to(100);
    EXPECT_NE(
        thrown_by([&] { parallel_transform(numbers, numbers.begin(), std::negate{}, {.stop = source.get_token()}); })
            .find("parallel_transform() has left out"),
        std::string::npos);
    EXPECT_EQ(numbers, numbers_to(100));
  });
}

TEST_P(parallel_transform_test, works_from_outside_and_says_what_to_do_where_there_is_no_pool) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<int> numbers = numbers_to(100);
  parallel_transform(pool, numbers, numbers.begin(), std::negate{});
  parallel_transform(pool.executor(), numbers, numbers, numbers.begin(), std::minus{}, {.grain = 5});
  EXPECT_EQ(numbers, std::vector<int>(100, 0));
  const std::string thrown = thrown_by([&] { parallel_transform(numbers, numbers.begin(), std::negate{}); });
  EXPECT_NE(thrown.find("parallel_transform(pool, ...)"), std::string::npos) << thrown;
}

}  // namespace
