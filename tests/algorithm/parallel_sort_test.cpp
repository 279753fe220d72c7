// parallel_sort(): in order, stable, and nothing is lost when it ends early.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <span>
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
using filch::parallel_sort;

class parallel_sort_test : public algorithm_test {};
INSTANTIATE_POOL_SHAPES(parallel_sort_test);

struct card {
  int rank;
  int place;  // at first
  friend bool operator==(const card&, const card&) = default;
};
constexpr auto by_rank = [](const card& left, const card& right) { return left.rank < right.rank; };
constexpr auto by_rank_and_place = [](const card& left, const card& right) {
  return left.rank != right.rank ? left.rank < right.rank : left.place < right.place;
};

template <class Rank>
std::vector<card> cards(int size, Rank&& rank) {
  std::vector<card> all;
  for (int i = 0; i != size; ++i) all.push_back({static_cast<int>(rank(i)), i});
  return all;
}

TEST_P(parallel_sort_test, sorts_and_leaves_equal_elements_in_their_order) {
  in_task([] {
    std::mt19937_64 random(11);
    for (const int size : sizes_to_try(12))
      for (const filch::loop_options& options : {filch::loop_options{}, {.grain = 1}, {.grain = 100}, {.grain = 100'000}}) {
        std::vector<card> sorted = cards(size, [&](int) { return random() % 300; });
        std::vector<card> expected = sorted;
        std::sort(expected.begin(), expected.end(), by_rank_and_place);
        parallel_sort(sorted, by_rank, options);
        EXPECT_EQ(sorted, expected) << size;
      }
  });
}

TEST_P(parallel_sort_test, sorts_what_has_an_order_already) {
  in_task([] {
    constexpr int size = 5000;
    const std::vector<std::function<int(int)>> orders{[](int i) { return i; }, [](int i) { return -i; }, [](int) { return 0; },
                                                      [](int i) { return std::min(i, size - i); },
                                                      [](int i) { return i / 2500; }, [](int i) { return -i / 2500; },
                                                      [](int i) { return i % 2; }};
    for (const auto& order : orders) {
      std::vector<card> sorted = cards(size, order);
      std::vector<card> expected = sorted;
      std::sort(expected.begin(), expected.end(), by_rank_and_place);
      parallel_sort(sorted, by_rank, {.grain = 64});
      EXPECT_EQ(sorted, expected);
    }
  });
}

TEST_P(parallel_sort_test, sorts_ranges_of_all_kinds) {
  in_task([] {
    std::mt19937_64 random(13);
    std::vector<double> numbers(3000);
    for (double& each : numbers) each = std::uniform_real_distribution<double>(-1, 1)(random);
    parallel_sort(std::span<double>(numbers).subspan(10));
    EXPECT_TRUE(std::is_sorted(numbers.begin() + 10, numbers.end()));
    parallel_sort(numbers.data(), numbers.data() + numbers.size(), std::greater{});
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end(), std::greater{}));

    std::deque<std::string> words;
    for (int i = 0; i != 3000; ++i) words.push_back(std::to_string(random()));
    parallel_sort(words.begin(), words.end());
    EXPECT_TRUE(std::is_sorted(words.begin(), words.end()));

    std::vector<std::unique_ptr<int>> owned;
    for (int i = 0; i != 3000; ++i) owned.push_back(std::make_unique<int>(i * 7919 % 3001));
    parallel_sort(owned, [](const auto& left, const auto& right) { return *left < *right; }, {.grain = 50});
    for (std::size_t i = 1; i != owned.size(); ++i) EXPECT_LE(*owned[i - 1], *owned[i]);
  });
}

// Its moves may throw for all that is known.
struct copied {
  int number;
  copied(int value) : number(value) {}
  copied(const copied& other) : number(other.number) {}
  copied& operator=(const copied& other) {
    number = other.number;
    return *this;
  }
};

TEST_P(parallel_sort_test, sorts_what_may_throw_when_it_is_moved) {
  in_task([] {
    std::vector<copied> numbers;
    for (int i = 0; i != 3000; ++i) numbers.emplace_back(i * 7919 % 3001);
    const auto less = [](const copied& left, const copied& right) { return left.number < right.number; };
    parallel_sort(numbers, less);
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end(), less));
    std::stop_source source;
    source.request_stop();
    EXPECT_THROW(parallel_sort(numbers, less, {.stop = source.get_token()}), filch::task_cancelled);
    EXPECT_THROW(parallel_sort(numbers, less, {.grain = 0}), std::invalid_argument);
  });
}

TEST_P(parallel_sort_test, an_idle_worker_sorts_the_other_half) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to take it";
  in_task([] {
    std::mutex mutex;
    std::vector<std::thread::id> seen;
    const event second;
    std::vector<int> numbers(100);
    std::iota(numbers.begin(), numbers.end(), 0);
    const auto wait_for_another = [&](int left, int right) {
      {
        const std::scoped_lock lock(mutex);
        if (std::ranges::find(seen, std::this_thread::get_id()) == seen.end()) seen.push_back(std::this_thread::get_id());
        if (seen.size() == 2) second.set();
      }
      EXPECT_TRUE(second.wait());
      return left > right;
    };
    parallel_sort(numbers, wait_for_another, {.grain = 50});
    EXPECT_TRUE(std::is_sorted(numbers.rbegin(), numbers.rend()));
  });
}

// Halves that are in order; what compares elements of both is the last merge. Looking for where to cut takes twelve
// comparisons.
TEST_P(parallel_sort_test, an_idle_worker_takes_a_half_of_the_last_merge) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to take it";
  in_task([] {
    constexpr int size = 4096;
    std::mutex mutex;
    std::map<std::thread::id, int> merging;
    const event second;
    std::vector<card> all = cards(size, [](int i) { return i % (size / 2); });
    const auto wait_for_another = [&](const card& left, const card& right) {
      if ((left.place < size / 2) != (right.place < size / 2)) {
        int calls = 0;
        {
          const std::scoped_lock lock(mutex);
          calls = ++merging[std::this_thread::get_id()];
          if (merging.size() == 2) second.set();
        }
        if (calls == 100) {
          EXPECT_TRUE(second.wait());
        }
      }
      return by_rank(left, right);
    };
    parallel_sort(all, wait_for_another, {.grain = size / 4});
    EXPECT_TRUE(std::ranges::is_sorted(all, by_rank));
  });
}

/// Counts how many there are.
class living {
 public:
  living(std::atomic<int>& count, int number) : count_(&count), number_(number) { count_->fetch_add(1); }
  living(living&& other) noexcept : count_(other.count_), number_(std::exchange(other.number_, -1)) { count_->fetch_add(1); }
  living& operator=(living&& other) noexcept {
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  ~living() { count_->fetch_sub(1); }
  [[nodiscard]] int number() const { return number_; }

 private:
  std::atomic<int>* count_;
  int number_;  // -1 when it has been moved away
};

std::vector<living> shuffled(std::atomic<int>& count, int size) {
  std::vector<int> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(14));
  std::vector<living> all;
  all.reserve(order.size());
  for (const int number : order) all.emplace_back(count, number);
  return all;
}

void expect_all_there(const std::vector<living>& all, const std::atomic<int>& count) {
  EXPECT_EQ(count.load(), static_cast<int>(all.size()));
  std::vector<int> numbers;
  for (const living& each : all) numbers.push_back(each.number());
  std::ranges::sort(numbers);
  for (int i = 0; i != static_cast<int>(numbers.size()); ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i);
}

TEST_P(parallel_sort_test, nothing_is_lost_when_a_comparison_throws) {
  in_task([] {
    for (const int size : {5, 300, 2000})
      for (const std::int64_t grain : {1, 100, 5000})
        for (const double part : {0.0, 0.1, 0.3, 0.5, 0.8, 0.95}) {
          std::atomic<int> count{0};
          std::vector<living> all = shuffled(count, size);
          std::atomic<int> left{static_cast<int>(part * (size - 1))};  // to sort takes size - 1 comparisons at least
          const auto fail = [&](const living& one, const living& other) {
            if (left.fetch_sub(1) == 0) throw std::runtime_error("tired");
            return one.number() < other.number();
          };
          EXPECT_EQ(thrown_by([&] { parallel_sort(all, fail, {.grain = grain}); }), "tired");
          expect_all_there(all, count);
        }
  });
}

TEST_P(parallel_sort_test, nothing_is_lost_when_comparisons_throw_here_and_there) {
  in_task([] {
    for (unsigned round = 0; round != scaled(60); ++round) {
      std::atomic<int> count{0};
      std::vector<living> all = shuffled(count, 1000);
      std::atomic<unsigned> calls{0};
      const auto fail = [&](const living& one, const living& other) {
        if (calls.fetch_add(1) >= round * 130) throw std::runtime_error("tired");
        return one.number() < other.number();
      };
      EXPECT_EQ(thrown_by([&] { parallel_sort(all, fail, {.grain = 30}); }), "tired");
      expect_all_there(all, count);
    }
  });
}

TEST_P(parallel_sort_test, nothing_is_lost_after_a_stop_request) {
  in_task([] {
    for (const int moment : {-1, 0, 500, 3000, 8000}) {
      std::stop_source source;
      if (moment < 0) source.request_stop();
      std::atomic<int> count{0};
      std::vector<living> all = shuffled(count, 2000);
      std::atomic<int> calls{0};
      const auto stop = [&](const living& one, const living& other) {
        if (calls.fetch_add(1) == moment) source.request_stop();
        return one.number() < other.number();
      };
      EXPECT_NE(thrown_by([&] { parallel_sort(all, stop, {.grain = 50, .stop = source.get_token()}); })
                    .find("parallel_sort() has left out"),
                std::string::npos);
      if (moment < 0) {
        EXPECT_EQ(calls.load(), 0);
      }
      expect_all_there(all, count);
    }
  });
}

TEST_P(parallel_sort_test, sorts_inside_a_loop) {
  in_task([] {
    std::vector<std::vector<int>> all(20);
    filch::parallel_for(0, 20, [&](int i) {
      std::mt19937_64 random(static_cast<std::uint64_t>(i));
      auto& own = all[static_cast<std::size_t>(i)];
      for (int j = 0; j != 100 * i; ++j) own.push_back(static_cast<int>(random() % 1000));
      parallel_sort(own, std::less{}, {.grain = 40});
    });
    for (const auto& each : all) EXPECT_TRUE(std::ranges::is_sorted(each));
  });
}

TEST_P(parallel_sort_test, works_from_outside_and_says_what_to_do_where_there_is_no_pool) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<int> numbers{3, 1, 2};
  parallel_sort(pool, numbers);
  EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3}));
  parallel_sort(pool.executor(), numbers.begin(), numbers.end(), std::greater{}, {.grain = 1});
  EXPECT_EQ(numbers, (std::vector<int>{3, 2, 1}));
  EXPECT_NE(thrown_by([&] { parallel_sort(numbers); }).find("parallel_sort(pool, ...)"), std::string::npos);
  EXPECT_THROW(parallel_sort(pool, numbers, std::less{}, {.grain = 0}), std::invalid_argument);
  EXPECT_THROW(parallel_sort(pool, numbers, std::function<bool(int, int)>()), std::invalid_argument);
  EXPECT_EQ(numbers, (std::vector<int>{3, 2, 1}));
}

}  // namespace
