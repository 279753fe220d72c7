// The pool's public face: submit, post, and what they answer. Bulks are in bulk_test.cpp, futures in waiting_test.cpp.
#include <filch/runtime/scheduler.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <type_traits>
#include <vector>

#include <filch/runtime/this_worker.hpp>

#include "runtime/counted.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class scheduler_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(scheduler_test);

/// Throws when it is moved for the nth time.
class throws_when_moved {
 public:
  explicit throws_when_moved(int moves) : moves_left_(moves) {}
  throws_when_moved(throws_when_moved&& other) : moves_left_(other.moves_left_ - 1) {
    if (moves_left_ < 0) throw std::runtime_error("moved once too often");
  }
  throws_when_moved& operator=(throws_when_moved&&) = delete;

 private:
  int moves_left_;
};

/// Throws when it dies, unless it was moved from.
class throws_when_destroyed {
 public:
  throws_when_destroyed() = default;
  throws_when_destroyed(throws_when_destroyed&& other) noexcept : armed_(std::exchange(other.armed_, false)) {}
  throws_when_destroyed& operator=(throws_when_destroyed&&) = delete;
  ~throws_when_destroyed() noexcept(false) {
    if (armed_) throw std::runtime_error("died loudly");
  }

 private:
  bool armed_ = true;
};

TEST_P(scheduler_test, a_submitted_lambda_runs_and_its_result_comes_back) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(pool.submit([] { return 6 * 7; }).get(), 42);
}

TEST_P(scheduler_test, ten_thousand_lambdas_each_run_once) {
  filch::scheduler& pool = make_shaped_pool();
  std::vector<std::atomic<int>> runs(10'000);
  std::vector<filch::future<std::size_t>> futures;
  for (std::size_t i = 0; i != runs.size(); ++i)
    futures.push_back(pool.submit([&runs, i] {
      runs[i].fetch_add(1);
      return i;
    }));
  for (std::size_t i = 0; i != runs.size(); ++i) EXPECT_EQ(futures[i].get(), i);
  for (const std::atomic<int>& each : runs) EXPECT_EQ(each.load(), 1);
}

TEST_P(scheduler_test, callables_arguments_and_results_may_be_move_only) {
  filch::scheduler& pool = make_shaped_pool();
  auto callable = [kept = std::make_unique<int>(40)](std::unique_ptr<int> given) {
    return std::make_unique<int>(*kept + *given);
  };
  EXPECT_EQ(*pool.submit(std::move(callable), std::make_unique<int>(2)).get(), 42);
}

TEST_P(scheduler_test, a_callable_that_is_called_as_an_rvalue_only_is_called) {
  struct once {
    int operator()() && { return 42; }
  };
  EXPECT_EQ(make_shaped_pool().submit(once{}).get(), 42);
}

TEST_P(scheduler_test, arguments_are_copied_and_decay_as_those_of_a_thread) {
  filch::scheduler& pool = make_shaped_pool();
  const auto takes_pointer = [](auto&& text) {
    static_assert(std::is_same_v<decltype(text), const char*&&>);
    return std::string(text);
  };
  EXPECT_EQ(pool.submit(takes_pointer, "literal").get(), "literal");

  int original = 1;
  const auto change = [](int& value) { value = 2; };
  pool.submit(change, std::ref(original)).get();
  EXPECT_EQ(original, 2);
  pool.submit([](int value) { return value + 1; }, original).get();
  EXPECT_EQ(original, 2);
}

TEST_P(scheduler_test, functions_members_and_wrapped_callables_can_be_submitted) {
  struct point {
    int x = 41;
    [[nodiscard]] int next() const { return x + 1; }
  };
  filch::scheduler& pool = make_shaped_pool();
  point here;
  EXPECT_EQ(pool.submit(&point::next, here).get(), 42);
  EXPECT_EQ(pool.submit(&point::next, &here).get(), 42);
  EXPECT_EQ(pool.submit(&point::x, std::ref(here)).get(), 41);
  EXPECT_EQ(pool.submit(std::function<int(int)>([](int value) { return value; }), 42).get(), 42);
  int calls = 0;
  auto counts = [&] { return ++calls; };
  EXPECT_EQ(pool.submit(std::ref(counts)).get(), 1);
  int (*const pointer)() = [] { return 7; };
  EXPECT_EQ(pool.submit(pointer).get(), 7);
  EXPECT_EQ(pool.submit(*pointer).get(), 7);
}

TEST_P(scheduler_test, a_void_result_is_a_future_of_nothing) {
  std::atomic<bool> ran{false};
  filch::future<void> done = make_shaped_pool().submit([&] { ran = true; });
  done.get();
  EXPECT_TRUE(ran);
}

TEST_P(scheduler_test, a_reference_result_is_the_object_itself) {
  filch::scheduler& pool = make_shaped_pool();
  int object = 1;
  filch::future<int&> reference = pool.submit([&]() -> int& { return object; });
  EXPECT_EQ(&reference.get(), &object);
  filch::future<const int&> constant = pool.submit([&]() -> const int& { return object; });
  EXPECT_EQ(&constant.get(), &object);
  auto owner = std::make_unique<int>(3);
  filch::future<std::unique_ptr<int>> expiring =  // kept as a value: the reference may point into an argument
      pool.submit([&]() -> std::unique_ptr<int>&& { return std::move(owner); });
  const std::unique_ptr<int> taken = expiring.get();
  EXPECT_EQ(*taken, 3);
  EXPECT_EQ(owner, nullptr);
}

TEST_P(scheduler_test, a_constant_result_arrives) {
  struct without_copy {
    explicit without_copy(int given) : value(given) {}
    without_copy(without_copy&&) = default;
    int value;
  };
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(pool.submit([]() -> const std::string { return "constant"; }).get(), "constant");
  EXPECT_EQ(pool.submit([] { return without_copy(42); }).get().value, 42);
}

TEST_P(scheduler_test, an_exception_of_any_type_is_rethrown_at_get) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_THROW(pool.submit([]() -> int { throw std::out_of_range("far"); }).get(), std::out_of_range);
  EXPECT_THROW(pool.submit([] { throw 42; }).get(), int);
  EXPECT_THROW(pool.submit([]() -> int& { throw "text"; }).get(), const char*);
  EXPECT_THROW(pool.submit([] { throw throws_when_moved(100); }).get(), throws_when_moved);
}

TEST_P(scheduler_test, a_task_whose_future_was_dropped_runs_all_the_same) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  for (int i = 0; i != 1'000; ++i) (void)pool.submit([&] { ran.fetch_add(1); });
  pool.wait_idle();
  EXPECT_EQ(ran.load(), 1'000);
}

TEST_P(scheduler_test, an_empty_callable_is_refused_at_the_call) {
  filch::scheduler& pool = make_shaped_pool();
  struct point {
    int x = 0;
    [[nodiscard]] int get() const { return x; }
  };
  EXPECT_THROW((void)pool.submit(std::function<void()>()), std::invalid_argument);
  EXPECT_THROW((void)pool.submit(static_cast<void (*)()>(nullptr)), std::invalid_argument);
  EXPECT_THROW((void)pool.submit(static_cast<int (point::*)() const>(nullptr), point{}), std::invalid_argument);
  EXPECT_THROW((void)pool.submit(static_cast<int point::*>(nullptr), point{}), std::invalid_argument);
  EXPECT_THROW(pool.post(std::function<void()>()), std::invalid_argument);
  const std::vector<int> elements{1, 2};
  EXPECT_THROW((void)pool.submit_bulk(elements, std::function<void(int)>()), std::invalid_argument);
  EXPECT_THROW(pool.post_bulk(elements, static_cast<void (*)(int)>(nullptr)), std::invalid_argument);
  EXPECT_EQ(pool.metrics().submitted(), 0U);
  try {
    pool.post(std::function<void()>());
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("empty"), std::string::npos) << error.what();
  }
}

TEST_P(scheduler_test, a_callable_that_can_take_a_stop_token_gets_the_pools) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_TRUE(pool.submit([](const std::stop_token& stop) { return stop.stop_possible(); }).get());
  EXPECT_EQ(pool.submit([](std::stop_token stop, int value) { return stop.stop_requested() ? 0 : value; }, 42).get(), 42);
  const auto prefers = [](auto&&... arguments) { return sizeof...(arguments); };
  EXPECT_EQ(pool.submit(prefers, 1).get(), 2U);
  const std::vector<int> elements{1, 2, 3};
  auto futures = pool.submit_bulk(elements, [](const std::stop_token& stop, int value) {
    return stop.stop_requested() ? 0 : value;
  });
  EXPECT_EQ(futures.at(2).get(), 3);
}

TEST_P(scheduler_test, an_exception_from_the_results_move_comes_out_of_get_and_hurts_nobody_else) {
  filch::scheduler& pool = make_shaped_pool();
  auto on_the_way_out = pool.submit([] { return throws_when_moved(0); });
  EXPECT_THROW((void)on_the_way_out.get(), std::runtime_error);
  EXPECT_FALSE(on_the_way_out.valid());
  auto on_the_way_in = pool.submit([] {
    throws_when_moved local(0);
    std::unique_ptr<throws_when_moved> elsewhere;
    return throws_when_moved(std::move(local));
  });
  EXPECT_THROW((void)on_the_way_in.get(), std::runtime_error);
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
}

TEST_P(scheduler_test, an_exception_from_a_captures_destructor_goes_to_the_future) {
  filch::scheduler& pool = make_shaped_pool();
  auto future = pool.submit([loud = throws_when_destroyed{}] { return 42; });
  EXPECT_THROW((void)future.get(), std::runtime_error);
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
}

TEST_P(scheduler_test, an_exception_from_a_posted_task_goes_to_the_hook) {
  filch::scheduler_options options = shape();
  std::atomic<int> seen{0};
  options.on_unhandled_exception = [&](const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::runtime_error&) {
      seen.fetch_add(1);
    } catch (int) {
      seen.fetch_add(10);
    }
  };
  filch::scheduler& pool = make_pool(std::move(options));
  pool.post([] { throw std::runtime_error("posted"); });
  pool.post([] { throw 42; });
  pool.post([loud = throws_when_destroyed{}] {});
  pool.post_bulk(std::vector<int>{1, 2}, [](int) { throw std::runtime_error("bulk"); });
  pool.wait_idle();
  EXPECT_EQ(seen.load(), 14);
  EXPECT_EQ(pool.metrics().total().failed, 5U);
}

TEST_P(scheduler_test, a_submission_that_throws_while_copying_queues_nothing_and_leaks_nothing) {
  struct copies_badly {
    copies_badly() = default;
    copies_badly(const copies_badly&) { throw std::runtime_error("no copies"); }
    copies_badly& operator=(const copies_badly&) = delete;
    void operator()() const {}
  };
  filch::scheduler& pool = make_shaped_pool();
  const copies_badly callable;
  std::atomic<int> living{0};
  EXPECT_THROW((void)pool.submit(callable), std::runtime_error);
  EXPECT_THROW(pool.post([](const copies_badly&, const counted&) {}, callable, counted(living)), std::runtime_error);
  EXPECT_EQ(living.load(), 0);
  EXPECT_EQ(pool.metrics().submitted(), 0U);
}

TEST_P(scheduler_test, large_and_over_aligned_callables_arguments_and_results_arrive_whole) {
  struct alignas(256) aligned {
    std::array<unsigned char, 4096> bytes{};
  };
  filch::scheduler& pool = make_shaped_pool();
  aligned given;
  given.bytes.fill(7);
  auto future = pool.submit(
      [given](const aligned& argument) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&given) % alignof(aligned), 0U);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&argument) % alignof(aligned), 0U);
        return argument;
      },
      given);
  EXPECT_EQ(future.get().bytes, given.bytes);
}

TEST_P(scheduler_test, an_executor_submits_to_its_pool) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& other = make_shaped_pool();
  const filch::executor_ref executor = pool.executor();
  EXPECT_EQ(executor, pool.executor());
  EXPECT_NE(executor, other.executor());
  std::atomic<int> sum{0};
  executor.submit([&] { sum += 1; }).get();
  executor.post([&] { sum += 2; });
  executor.post_bulk(std::vector<int>{4, 8}, [&](int value) { sum += value; });
  for (auto& each : executor.submit_bulk(std::vector<int>{16}, [&](int value) { sum += value; })) each.get();
  pool.wait_idle();
  EXPECT_EQ(sum.load(), 31);
  EXPECT_EQ(other.metrics().submitted(), 0U);
}

TEST_P(scheduler_test, a_worker_knows_its_index_and_other_threads_have_none) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(filch::this_worker(), std::nullopt);
  const auto index = pool.submit([] { return filch::this_worker(); }).get();
  ASSERT_TRUE(index.has_value());
  EXPECT_LT(*index, width());
  EXPECT_EQ(pool.worker_count(), width());
}

TEST_P(scheduler_test, tasks_submit_tasks_a_million_deep) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<unsigned> ran{0};
  const unsigned last = scaled(1'000'000);
  std::function<void(unsigned)> next = [&](unsigned n) {
    ran.fetch_add(1, std::memory_order_relaxed);
    if (n != last) pool.post(std::ref(next), n + 1);
  };
  pool.post(std::ref(next), 1U);
  pool.wait_idle();
  EXPECT_EQ(ran.load(), last);
}

using scheduler_death_test = pool_test;

TEST_F(scheduler_death_test, an_exception_that_escapes_a_posted_task_without_a_hook_terminates_with_a_sentence) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        filch::scheduler pool({.workers = 1, .name = "strict"});
        pool.post([] { throw std::runtime_error("the reason"); });
        pool.wait_idle();
      },
      "strict.*the reason.*on_unhandled_exception");
}

TEST_F(scheduler_death_test, what_escapes_a_posted_task_without_being_an_exception_terminates_with_a_sentence_too) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        filch::scheduler pool({.workers = 1, .name = "strict"});
        pool.post([] { throw 42; });
        pool.wait_idle();
      },
      "no std::exception escaped from a task posted to \"strict\".*on_unhandled_exception");
}

}  // namespace
