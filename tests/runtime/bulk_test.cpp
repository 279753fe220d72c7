// Many tasks at once: the order of their futures, and what each has to itself.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/counted.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class bulk_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(bulk_test);

TEST_P(bulk_test, a_bulk_returns_its_futures_in_the_order_of_the_range) {
  filch::scheduler& pool = make_shaped_pool();
  for (const std::size_t count : {1U, 2U, 31U, 5'000U}) {
    std::vector<std::size_t> elements(count);
    for (std::size_t i = 0; i != count; ++i) elements[i] = i;
    auto futures = pool.submit_bulk(elements, [](std::size_t i) { return i * 2; });
    ASSERT_EQ(futures.size(), count);
    for (std::size_t i = 0; i != count; ++i) EXPECT_EQ(futures[i].get(), i * 2);
  }
  auto from_a_task = pool.submit([&] {
    auto futures = pool.submit_bulk(std::views::iota(0, 5'000), [](int i) { return i; });
    long sum = 0;
    for (auto& each : futures) sum += each.get();
    return sum;
  });
  EXPECT_EQ(from_a_task.get(), 4'999L * 5'000 / 2);
}

TEST_P(bulk_test, an_empty_bulk_is_nothing) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_TRUE(pool.submit_bulk(std::vector<int>{}, [](int) {}).empty());
  pool.post_bulk(std::list<int>{}, [](int) {});
  EXPECT_EQ(pool.metrics().submitted(), 0U);
}

TEST_P(bulk_test, a_bulk_may_call_what_could_be_empty_and_is_not) {
  filch::scheduler& pool = make_shaped_pool();
  const std::function<int(int)> twice = [](int value) { return 2 * value; };
  auto doubled = pool.submit_bulk(std::vector<int>{1, 2, 3}, twice);
  for (std::size_t i = 0; i != doubled.size(); ++i) EXPECT_EQ(doubled[i].get(), 2 * (static_cast<int>(i) + 1));
  std::atomic<int> sum{0};
  const std::function<void(int)> add = [&](int value) { sum.fetch_add(value); };
  pool.post_bulk(std::vector<int>{1, 2, 3}, add);
  pool.wait_idle();
  EXPECT_EQ(doubled.size(), 3U);
  EXPECT_EQ(sum.load(), 6);
}

TEST_P(bulk_test, a_bulk_copies_from_an_lvalue_and_moves_from_an_rvalue) {
  filch::scheduler& pool = make_shaped_pool();
  const std::list<std::string> kept{"a rather long text that lies on the heap", "another one"};
  std::list<std::string> same = kept;
  for (auto& each : pool.submit_bulk(same, [](const std::string& text) { return text.size(); })) (void)each.get();
  EXPECT_EQ(same, kept);
  std::vector<std::unique_ptr<int>> owners;
  for (int i = 0; i != 3; ++i) owners.push_back(std::make_unique<int>(i));
  int sum = 0;
  for (auto& each : pool.submit_bulk(std::move(owners), [](std::unique_ptr<int> value) { return *value; }))
    sum += each.get();
  EXPECT_EQ(sum, 3);
}

TEST_P(bulk_test, an_exception_in_one_task_of_a_bulk_is_its_own) {
  filch::scheduler& pool = make_shaped_pool();
  auto futures = pool.submit_bulk(std::views::iota(0, 100), [](int i) {
    if (i == 50) throw std::runtime_error("fifty");
    return i;
  });
  for (int i = 0; i != 100; ++i) {
    if (i == 50)
      EXPECT_THROW((void)futures[50].get(), std::runtime_error);
    else
      EXPECT_EQ(futures[static_cast<std::size_t>(i)].get(), i);
  }
}

TEST_P(bulk_test, a_bulk_whose_element_cannot_be_copied_queues_nothing) {
  struct copies_badly {
    explicit copies_badly(int index) : number(index) {}
    copies_badly(const copies_badly& other) : number(other.number) {
      if (number == 3) throw std::runtime_error("the fourth");
    }
    copies_badly& operator=(const copies_badly&) = delete;
    int number;
  };
  filch::scheduler& pool = make_shaped_pool();
  std::list<copies_badly> elements;
  for (int i = 0; i != 8; ++i) elements.emplace_back(i);
  std::atomic<int> living{0};
  EXPECT_THROW((void)pool.submit_bulk(elements, [held = counted(living)](const copies_badly&) {}), std::runtime_error);
  EXPECT_EQ(living.load(), 0);
  EXPECT_EQ(pool.metrics().submitted(), 0U);
}

TEST_P(bulk_test, a_bulk_destroys_its_callable_and_elements_before_the_last_future_is_ready) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> living{0};
  for (int round = 0; round != 100; ++round) {
    auto futures = pool.submit_bulk(std::vector<counted>(7, counted(living)), [held = counted(living)](const counted&) {});
    for (auto& each : futures) each.wait();
    EXPECT_EQ(living.load(), 0);
  }
}

}  // namespace
