// The pool's public face: submit, post, bulk, and what they answer.
#include <filch/runtime/scheduler.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <filch/runtime/this_worker.hpp>

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

/// Counts the living.
class counted {
 public:
  explicit counted(std::atomic<int>& living) : living_(&living) { living_->fetch_add(1); }
  counted(const counted& other) : living_(other.living_) { living_->fetch_add(1); }
  counted& operator=(const counted&) = delete;
  ~counted() { living_->fetch_sub(1); }

 private:
  std::atomic<int>* living_;
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

TEST_P(scheduler_test, an_exception_in_a_dropped_future_is_counted) {
  filch::scheduler& pool = make_shaped_pool();
  {
    held_workers held(pool, width());
    for (int i = 0; i != 10; ++i) (void)pool.submit([] { throw std::runtime_error("nobody looks"); });
  }
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().dropped_exceptions, 10U);
}

TEST_P(scheduler_test, an_exception_is_counted_whether_its_future_is_dropped_before_or_after_the_end) {
  filch::scheduler& pool = make_shaped_pool();
  for (int i = 0; i != 100; ++i) {
    const auto waited_for = pool.submit([] { throw 1; });
    waited_for.wait();
  }
  for (int i = 0; i != 900; ++i) (void)pool.submit([] { throw 1; });
  (void)pool.submit_bulk(std::vector<int>(24, 0), [](int) { throw 1; });
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().dropped_exceptions, 1'024U);
}

TEST_P(scheduler_test, an_exception_may_be_dropped_after_its_pool) {
  filch::future<int> late;
  filch::future<int> taken;
  {
    filch::scheduler pool(shape());
    late = pool.submit([]() -> int { throw 1; });
    taken = pool.submit([]() -> int { throw 2; });
  }
  EXPECT_THROW((void)taken.get(), int);
  late = {};
}

TEST_P(scheduler_test, an_exception_that_get_rethrows_is_not_counted_as_dropped) {
  filch::scheduler& pool = make_shaped_pool();
  for (int i = 0; i != 1'000; ++i) EXPECT_THROW(pool.submit([] { throw 1; }).get(), int);
  pool.submit([&] {
        for (int i = 0; i != 1'000; ++i) EXPECT_THROW(pool.submit([] { throw 1; }).get(), int);
      }).get();
  pool.wait_idle();
  EXPECT_EQ(pool.metrics().dropped_exceptions, 0U);
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

TEST_P(scheduler_test, a_bulk_returns_its_futures_in_the_order_of_the_range) {
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

TEST_P(scheduler_test, an_empty_bulk_is_nothing) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_TRUE(pool.submit_bulk(std::vector<int>{}, [](int) {}).empty());
  pool.post_bulk(std::list<int>{}, [](int) {});
  EXPECT_EQ(pool.metrics().submitted(), 0U);
}

TEST_P(scheduler_test, a_bulk_copies_from_an_lvalue_and_moves_from_an_rvalue) {
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

TEST_P(scheduler_test, an_exception_in_one_task_of_a_bulk_is_its_own) {
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

TEST_P(scheduler_test, a_bulk_whose_element_cannot_be_copied_queues_nothing) {
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

TEST_P(scheduler_test, a_bulk_destroys_its_callable_and_elements_before_the_last_future_is_ready) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> living{0};
  for (int round = 0; round != 100; ++round) {
    auto futures = pool.submit_bulk(std::vector<counted>(7, counted(living)), [held = counted(living)](const counted&) {});
    for (auto& each : futures) each.wait();
    EXPECT_EQ(living.load(), 0);
  }
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

TEST_P(scheduler_test, get_may_be_called_once_and_an_empty_future_says_so) {
  filch::scheduler& pool = make_shaped_pool();
  filch::future<int> future = pool.submit([] { return 1; });
  EXPECT_TRUE(future.valid());
  EXPECT_EQ(future.get(), 1);
  EXPECT_FALSE(future.valid());
  EXPECT_THROW((void)future.get(), filch::no_future_state);
  EXPECT_THROW((void)future.get(filch::help), filch::no_future_state);
  EXPECT_THROW(future.wait(), filch::no_future_state);
  EXPECT_THROW((void)future.wait_for(1s), filch::no_future_state);
  EXPECT_THROW((void)future.wait_until(std::chrono::steady_clock::now()), filch::no_future_state);
  EXPECT_THROW((void)future.ready(), filch::no_future_state);
  EXPECT_THROW((void)filch::future<void>().get(), filch::no_future_state);
  try {
    future.wait();
  } catch (const filch::error& error) {
    EXPECT_NE(std::string(error.what()).find("empty future"), std::string::npos) << error.what();
  }
}

TEST_P(scheduler_test, a_future_moves_and_empties_its_source) {
  filch::scheduler& pool = make_shaped_pool();
  filch::future<int> first = pool.submit([] { return 1; });
  filch::future<int> second = std::move(first);
  EXPECT_FALSE(first.valid());
  first = pool.submit([] { return 2; });
  second = std::move(first);
  EXPECT_EQ(second.get(), 2);
}

TEST_P(scheduler_test, waiting_leaves_the_result_where_it_is) {
  filch::scheduler& pool = make_shaped_pool();
  filch::future<int> future = pool.submit([] { return 1; });
  future.wait();
  EXPECT_TRUE(future.ready());
  EXPECT_EQ(future.wait_for(0s), filch::future_status::ready);
  EXPECT_EQ(future.wait_for(-1h), filch::future_status::ready);
  EXPECT_EQ(future.get(), 1);
}

TEST_P(scheduler_test, a_wait_with_a_limit_ends_at_it_and_may_be_repeated) {
  filch::scheduler& pool = make_shaped_pool();
  const event go;
  filch::future<int> future = pool.submit([go] { return go.wait() ? 1 : 0; });
  EXPECT_FALSE(future.ready());
  EXPECT_EQ(future.wait_for(0s), filch::future_status::timeout);
  EXPECT_EQ(future.wait_for(std::chrono::hours::min()), filch::future_status::timeout);
  EXPECT_EQ(future.wait_for(0.25ms), filch::future_status::timeout);
  EXPECT_EQ(future.wait_until(std::chrono::steady_clock::now() + 1ms), filch::future_status::timeout);
  EXPECT_EQ(future.wait_until(std::chrono::system_clock::now() + 1ms), filch::future_status::timeout);
  EXPECT_EQ(future.wait_until(std::chrono::steady_clock::time_point::min()), filch::future_status::timeout);
  EXPECT_EQ(future.wait_until(std::chrono::system_clock::time_point::min()), filch::future_status::timeout);
  go.set();
  EXPECT_EQ(future.wait_for(std::chrono::hours::max()), filch::future_status::ready);
  EXPECT_EQ(future.wait_until(std::chrono::steady_clock::time_point::max()), filch::future_status::ready);
  EXPECT_EQ(future.get(), 1);
}

TEST_P(scheduler_test, a_wait_without_end_ends_when_the_task_does) {
  filch::scheduler& pool = make_shaped_pool();
  using hours_of_steady_clock = std::chrono::time_point<std::chrono::steady_clock, std::chrono::hours>;
  for (int round = 0; round != 4; ++round) {
    const event waiting;
    filch::future<int> future = pool.submit([waiting] {
      EXPECT_TRUE(waiting.wait());
      std::this_thread::sleep_for(1ms);
      return 1;
    });
    waiting.set();
    const filch::future_status status =
        round == 0   ? future.wait_for(std::chrono::hours::max())
        : round == 1 ? future.wait_until(std::chrono::steady_clock::time_point::max())
        : round == 2 ? future.wait_until(std::chrono::system_clock::time_point::max())
                     : future.wait_until(hours_of_steady_clock::max());
    EXPECT_EQ(status, filch::future_status::ready);
    EXPECT_EQ(future.get(), 1);
  }
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

}  // namespace
