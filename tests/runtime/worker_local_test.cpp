// A value for each worker: each has its own, others too, and in the end all of them are there.
#include <filch/runtime/worker_local.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <filch/detail/base/cache_line.hpp>
#include <filch/runtime/this_worker.hpp>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

using filch::worker_local;

class worker_local_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(worker_local_test);

TEST_P(worker_local_test, counts_everything_without_a_shared_counter) {
  filch::scheduler& pool = make_shaped_pool();
  worker_local<std::uint64_t> sum(pool);
  std::vector<std::uint64_t> numbers(scaled(20'000));
  for (std::size_t i = 0; i != numbers.size(); ++i) numbers[i] = i;
  pool.post_bulk(numbers, [&](std::uint64_t i) { sum.local() += i; });
  pool.wait_idle();
  const std::uint64_t count = numbers.size();
  EXPECT_EQ(sum.combine(std::plus<>()), count * (count - 1) / 2);
}

TEST_P(worker_local_test, each_worker_has_one_and_finds_it_again) {
  filch::scheduler& pool = make_shaped_pool();
  worker_local<std::set<std::thread::id>> seen(pool);
  {
    std::vector<filch::future<void>> inside;
    std::atomic<unsigned> there{0};
    for (unsigned i = 0; i != width(); ++i)
      inside.push_back(pool.submit([&] {
        seen.local().insert(std::this_thread::get_id());
        seen.local().insert(std::this_thread::get_id());
        there.fetch_add(1);
        EXPECT_TRUE(eventually([&] { return there.load() == width(); }));
      }));
    for (auto& each : inside) each.get();
  }
  unsigned values = 0;
  seen.for_each([&](const auto& threads) {
    ++values;
    EXPECT_EQ(threads.size(), 1U);
  });
  EXPECT_EQ(values, width());
}

TEST_P(worker_local_test, values_of_two_workers_share_no_cache_line) {
  filch::scheduler& pool = make_shaped_pool();
  worker_local<char> small(pool);
  held_workers others(pool, width() - 1);
  char* const own = &small.local();
  char* const of_worker = pool.submit([&] { return &small.local(); }).get();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(own) % filch::detail::cache_line, 0U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(of_worker) % filch::detail::cache_line, 0U);
  EXPECT_NE(own, of_worker);
}

TEST_P(worker_local_test, threads_outside_have_one_each_as_a_helper_has) {
  filch::scheduler& pool = make_shaped_pool();
  worker_local<int> calls(pool);
  {
    held_workers held(pool, width());
    pool.submit([&] { ++calls.local(); }).get(filch::help);
    EXPECT_EQ(calls.local(), 1) << "the helper's";
    std::thread([&] { calls.local() = 10; }).join();
  }
  pool.submit([&] { calls.local() = 100; }).get();
  EXPECT_EQ(calls.combine(std::plus<>()), 111);
}

TEST_P(worker_local_test, a_worker_of_another_pool_is_a_thread_outside) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  worker_local<int> calls(pool);
  std::set<const int*> places;
  places.insert(elsewhere.submit([&] { return &calls.local(); }).get());
  places.insert(elsewhere.submit([&] { return &calls.local(); }).get());
  EXPECT_EQ(places.size(), 1U);
  held_workers others(pool, width() - 1);
  places.insert(pool.submit([&] { return &calls.local(); }).get());
  EXPECT_EQ(places.size(), 2U);
}

TEST_P(worker_local_test, a_spare_that_stands_in_has_one_of_its_own) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  worker_local<int> calls(pool);
  const event may_end;
  auto far = elsewhere.submit([may_end] { EXPECT_TRUE(may_end.wait()); });
  held_workers others(pool, width() - 1);
  auto blocked = pool.submit([&] {
    int* const own = &calls.local();
    far.get();
    EXPECT_EQ(own, &calls.local());
    return own;
  });
  int* const of_spare = pool.submit([&] {
                              EXPECT_GE(filch::this_worker(), std::optional(width()));
                              return &calls.local();
                            }).get();
  may_end.set();
  EXPECT_NE(blocked.get(), of_spare);
}

TEST_P(worker_local_test, values_are_made_by_what_was_given_and_never_copied_or_moved) {
  struct immovable {
    explicit immovable(int value) : held(value) {}
    immovable(const immovable&) = delete;
    immovable& operator=(const immovable&) = delete;
    int held;
  };
  filch::scheduler& pool = make_shaped_pool();
  worker_local<immovable> made(pool, [] { return immovable(7); });
  EXPECT_EQ(pool.submit([&] { return made.local().held; }).get(), 7);
  EXPECT_EQ(made.local().held, 7);
}

TEST_P(worker_local_test, what_the_maker_throws_comes_out_and_the_next_attempt_may_succeed) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<bool> fails{true};
  worker_local<int> made(pool, [&] {
    if (fails) throw std::runtime_error("not now");
    return 7;
  });
  EXPECT_THROW((void)made.local(), std::runtime_error);
  EXPECT_THROW(pool.submit([&] { (void)made.local(); }).get(), std::runtime_error);
  fails = false;
  EXPECT_EQ(made.local(), 7);
  EXPECT_EQ(pool.submit([&] { return made.local(); }).get(), 7);
}

TEST_P(worker_local_test, what_a_maker_comes_back_for_is_kept) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers others(pool, width() - 1);
  std::atomic<bool> first{true};
  worker_local<int>* all = nullptr;
  worker_local<int> made(pool, [&] {
    if (first.exchange(false)) pool.submit([&] { all->local() += 100; }).get();  // in place, so in the same worker's value
    return 0;
  });
  all = &made;
  pool.submit([&] { made.local() += 1; }).get();
  EXPECT_EQ(made.combine(std::plus<>()), 101);
}

TEST_P(worker_local_test, hooks_may_use_their_workers_value) {
  filch::scheduler_options options = shape();
  worker_local<int>* ends = nullptr;
  options.on_worker_stop = [&](const filch::worker_info&) { ++ends->local(); };
  filch::scheduler& pool = make_pool(std::move(options));
  worker_local<int> ended(pool);
  ends = &ended;
  pool.submit([&] { ++ended.local(); }).get();
  destroy_pool(pool);
  EXPECT_EQ(ended.combine(std::plus<>()), static_cast<int>(width()) + 1);
}

TEST_P(worker_local_test, without_a_value_the_combination_is_a_new_one) {
  filch::scheduler& pool = make_shaped_pool();
  const worker_local<int> none(pool, [] { return 3; });
  EXPECT_EQ(none.combine(std::plus<>()), 3);
}

TEST_P(worker_local_test, may_be_cleared_and_outlives_the_pool) {
  filch::scheduler& pool = make_shaped_pool();
  const auto alive = std::make_shared<int>(0);
  worker_local<std::vector<std::shared_ptr<int>>> held(pool);
  pool.submit([&] { held.local().push_back(alive); }).get();
  held.local().push_back(alive);
  EXPECT_EQ(alive.use_count(), 3);
  held.clear();
  EXPECT_EQ(alive.use_count(), 1);
  pool.submit([&] { held.local().push_back(alive); }).get();
  held.local().push_back(alive);
  destroy_pool(pool);
  std::size_t values = 0;
  held.for_each([&](auto& each) { values += each.size(); });
  EXPECT_EQ(values, 2U);
}

TEST_P(worker_local_test, the_order_is_that_of_the_workers) {
  filch::scheduler& pool = make_shaped_pool();
  worker_local<std::vector<unsigned>> indices(pool);
  std::atomic<unsigned> there{0};
  std::vector<filch::future<void>> inside;
  for (unsigned i = 0; i != width(); ++i)
    inside.push_back(pool.submit([&] {
      indices.local() = {filch::this_worker().value()};
      there.fetch_add(1);
      EXPECT_TRUE(eventually([&] { return there.load() == width(); }));
    }));
  for (auto& each : inside) each.get();
  const auto all = indices.combine([](std::vector<unsigned> left, const std::vector<unsigned>& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
  });
  EXPECT_EQ(all.size(), width());
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
}

}  // namespace
