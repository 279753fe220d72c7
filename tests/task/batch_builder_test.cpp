// All tasks of a batch are made and queued, or none.
#include <filch/detail/task/batch_builder.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <list>
#include <memory>
#include <new>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <filch/task/executor_ref.hpp>

namespace {

using filch::executor_ref;
using filch_tests::counted;
using filch_tests::fake_pool;

class batch_builder : public testing::Test {
 protected:
  ~batch_builder() override { EXPECT_EQ(counted::alive, before) << "the callable or an element leaked"; }

  void expect_nothing_left() {
    EXPECT_EQ(pool.queued(), 0U);
    EXPECT_EQ(pool.blocks_out(), 0U);
    EXPECT_EQ(counted::alive, before);
  }

  const int before = counted::alive;
  fake_pool pool;
  const executor_ref on{pool};
};

TEST_F(batch_builder, an_empty_range_makes_nothing) {
  EXPECT_TRUE(on.submit_bulk(std::vector<int>{}, [](int) {}).empty());
  on.post_bulk(std::vector<int>{}, [](int) {});
  expect_nothing_left();
}

TEST_F(batch_builder, one_allocation_holds_all_items) {
  on.post_bulk(std::vector<int>{1, 2, 3}, [](int) {});
  EXPECT_EQ(pool.blocks_out(), 1U);
  EXPECT_EQ(pool.queued(), 3U);
  while (pool.run_next()) {}
}

TEST_F(batch_builder, any_forward_range_will_do) {
  int sum = 0;
  const auto add = [&sum](int number) { sum += number; };
  on.post_bulk(std::forward_list<int>{1, 2}, add);
  on.post_bulk(std::list<int>{3}, add);
  const int array[] = {4, 5};
  on.post_bulk(array, add);
  on.post_bulk(std::views::iota(6, 8), add);
  on.post_bulk(std::span<const int>(array) | std::views::transform([](int number) { return 10 * number; }), add);
  while (pool.run_next()) {}
  EXPECT_EQ(sum, 1 + 2 + 3 + 4 + 5 + 6 + 7 + 40 + 50);
}

TEST_F(batch_builder, an_rvalue_container_is_emptied_and_anything_else_copied) {
  std::vector<std::string> mine{"a long enough string to live on the heap"};
  const auto length = [](const std::string& text) { return text.size(); };
  const std::size_t expected = mine[0].size();
  auto copied = on.submit_bulk(mine, length);
  auto viewed = on.submit_bulk(std::span<std::string>(mine), length);
  auto all = on.submit_bulk(std::views::all(mine), length);
  EXPECT_EQ(mine[0].size(), expected) << "a view looks at somebody else's elements";
  std::vector<std::unique_ptr<int>> only_movable;
  only_movable.push_back(std::make_unique<int>(7));
  auto moved = on.submit_bulk(std::move(only_movable), [](std::unique_ptr<int> given) { return *given; });
  while (pool.run_next()) {}
  EXPECT_EQ(copied[0].get(), expected);
  EXPECT_EQ(viewed[0].get(), expected);
  EXPECT_EQ(all[0].get(), expected);
  EXPECT_EQ(moved[0].get(), 7);
}

TEST_F(batch_builder, an_element_that_cannot_be_made_leaves_nothing_behind) {
  for (int copies = 0; copies != 4; ++copies) {
    std::vector<counted> elements(4);
    int copies_left = copies;
    for (counted& each : elements) each.copies_left = &copies_left;
    EXPECT_THROW(on.post_bulk(elements, [kept = counted{}](const counted&) {}), int) << copies;
    copies_left = copies;
    EXPECT_THROW((void)on.submit_bulk(elements, [kept = counted{}](const counted&) {}), int) << copies;
    elements.clear();
    expect_nothing_left();
  }
}

TEST_F(batch_builder, a_callable_that_cannot_be_copied_leaves_nothing_behind) {
  int copies_left = -1;
  counted capture;
  capture.copies_left = &copies_left;
  {
    const auto callable = [capture](int) {};
    copies_left = 0;
    EXPECT_THROW(on.post_bulk(std::vector<int>{1, 2}, callable), int);
    EXPECT_EQ(pool.queued(), 0U);
    EXPECT_EQ(pool.blocks_out(), 0U);
    EXPECT_EQ(counted::alive, before + 2);
    copies_left = -1;
  }
}

TEST_F(batch_builder, an_enqueue_that_throws_leaves_nothing_behind) {
  pool.refusing = true;
  EXPECT_THROW((void)on.submit_bulk(std::vector<counted>(3), [kept = counted{}](const counted&) {}), filch::closed);
  EXPECT_THROW(on.post_bulk(std::vector<counted>(3), [kept = counted{}](const counted&) {}), filch::closed);
  expect_nothing_left();
}

TEST_F(batch_builder, memory_that_runs_out_leaves_nothing_behind) {
  pool.out_of_memory = true;
  EXPECT_THROW(on.post_bulk(std::vector<counted>(3), [kept = counted{}](const counted&) {}), std::bad_alloc);
  expect_nothing_left();
}

TEST_F(batch_builder, more_items_than_there_is_room_for_are_refused_before_anything_is_made) {
  const auto many = std::views::iota(std::int64_t{0}, (std::int64_t{1} << 31) + 1);
  EXPECT_THROW(on.post_bulk(many, [](std::int64_t) {}), std::length_error);
  expect_nothing_left();
}

TEST_F(batch_builder, items_that_are_too_large_together_are_refused) {
  struct large {
    std::byte room[~std::size_t{0} >> 8];
  };
  using layout = filch::detail::batch_layout<std::byte, large>;
  EXPECT_NO_THROW((void)layout(127));
  EXPECT_THROW((void)layout(128), std::length_error);
}

TEST_F(batch_builder, over_aligned_elements_and_callables_are_aligned) {
  struct alignas(128) wide {
    int number;
  };
  auto results = on.submit_bulk(std::vector<wide>{{1}, {2}, {3}}, [capture = wide{10}](const wide& element) {
    const bool aligned = reinterpret_cast<std::uintptr_t>(&element) % 128 == 0 &&
                         reinterpret_cast<std::uintptr_t>(&capture) % 128 == 0;
    return aligned ? element.number + capture.number : 0;
  });
  while (pool.run_next()) {}
  for (int i = 0; i != 3; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), 11 + i);
}

}  // namespace
