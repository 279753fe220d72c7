// Bounded admission: so many at a time, who waits comes in turn, and nobody waits for itself.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <type_traits>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/end_child.hpp"
#include "time/timed_pool.hpp"

namespace {

using namespace filch_tests;

constexpr filch::when_full every_policy[] = {filch::when_full::block, filch::when_full::reject, filch::when_full::caller_runs};

/// Threads that are joined in the end.
class threads {
 public:
  ~threads() { join(); }
  template <class F>
  void start(F&& function) {
    running_.emplace_back(std::forward<F>(function));
  }
  void join() {
    for (std::thread& each : running_)
      if (each.joinable()) each.join();
  }

 private:
  std::vector<std::thread> running_;
};

/// A copy of it is a guest from when it is made until it is destroyed; a moved one is not.
class guest {
 public:
  explicit guest(crowd& in) : in_(in) {}
  guest(const guest& other) : in_(other.in_), counted_(true) { in_.enter(); }
  ~guest() {
    if (counted_) in_.leave();
  }
  guest& operator=(const guest&) = delete;

 private:
  crowd& in_;
  bool counted_ = false;
};

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied&) { throw std::runtime_error("no copy"); }
};

template <class F>
bool is_closed_by(F&& submit) {
  try {
    submit();
    return false;
  } catch (const filch::closed&) {
    return true;
  }
}

class admission_test : public timed_pool_test {
 protected:
  /// Takes all places of a gate by tasks that are queued in a pool whose workers are held.
  static void fill(filch::scheduler& pool, filch::admission_gate& gate) {
    while (gate.taken() < gate.capacity()) (void)filch::submit(pool, {.gate = &gate}, [] {});
  }
  static bool waits(const filch::admission_gate& gate, std::int64_t many) {
    return eventually([&] { return gate.waiting() == many; });
  }
};
INSTANTIATE_POOL_SHAPES(admission_test);

TEST_P(admission_test, who_comes_when_all_places_are_taken_waits_for_one) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 2});
  EXPECT_EQ(gate.capacity(), 2);
  held_workers held(pool, width());
  fill(pool, gate);
  event submitted;
  threads outside;
  outside.start([&] {
    auto third = filch::submit(pool, {.gate = &gate}, [](int x) { return x; }, 42);
    submitted.set();
    EXPECT_EQ(third.get(), 42);
  });
  EXPECT_TRUE(waits(gate, 1));
  EXPECT_FALSE(submitted.is_set());
  EXPECT_EQ(gate.taken(), 2);
  held.release();
  EXPECT_TRUE(submitted.wait());
  outside.join();
  pool.wait_idle();
  EXPECT_EQ(gate.taken(), 0);
  EXPECT_EQ(gate.waiting(), 0);
}

TEST_P(admission_test, those_from_outside_never_exceed_the_bound) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 3});
  crowd guests;
  const guest model(guests);
  threads outside;
  for (int i = 0; i != 4; ++i)
    outside.start([&] {
      for (unsigned n = 0; n != scaled(2'000); ++n)
        (void)filch::submit(pool, {.gate = &gate}, [&](const guest&) { EXPECT_LE(gate.taken(), 3); }, model);
    });
  outside.join();
  pool.wait_idle();
  EXPECT_LE(guests.most(), 3U);
  EXPECT_GE(guests.most(), 1U);
  EXPECT_EQ(guests.now(), 0U);
  EXPECT_EQ(gate.taken(), 0);
}

TEST_P(admission_test, those_who_wait_are_admitted_as_they_came) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  held_workers held(pool, width());
  fill(pool, gate);
  std::vector<int> order;  // by tasks, of which there is one at a time
  threads outside;
  for (int i = 0; i != 6; ++i) {
    outside.start([&, i] {
      const auto come = [&order, i] { order.push_back(i); };
      if (i % 2 == 0)
        (void)filch::submit(pool, {.gate = &gate}, come);
      else
        EXPECT_TRUE(filch::submit_for(pool, gate, watchdog, come).has_value());
    });
    EXPECT_TRUE(waits(gate, i + 1));
  }
  EXPECT_FALSE(filch::try_submit(pool, gate, [] {}).has_value());
  held.release();
  outside.join();
  pool.wait_idle();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST_P(admission_test, a_place_is_given_back_when_the_task_has_run_or_thrown) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::reject});
  const filch::job_options options{.gate = &gate};
  for (int i = 0; i != 100; ++i) {
    EXPECT_EQ(filch::submit(pool, options, [i] { return i; }).get(), i);
    EXPECT_THROW(filch::submit(pool, options, [] { throw std::runtime_error("no"); }).get(), std::runtime_error);
  }
  EXPECT_EQ(gate.taken(), 0);
}

TEST_P(admission_test, a_place_is_given_back_after_the_captures_are_gone) {
  struct looks_when_it_dies {
    filch::admission_gate* gate;
    std::int64_t* seen;
    looks_when_it_dies(filch::admission_gate* of, std::int64_t* into) : gate(of), seen(into) {}
    looks_when_it_dies(looks_when_it_dies&& other) noexcept : gate(std::exchange(other.gate, nullptr)), seen(other.seen) {}
    ~looks_when_it_dies() {
      if (gate != nullptr) *seen = gate->taken();
    }
    void operator()(const std::unique_ptr<int>&) const {}
  };
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 5});
  std::int64_t seen = -1;
  filch::submit(pool, {.gate = &gate}, looks_when_it_dies(&gate, &seen), std::make_unique<int>(1)).get();
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(gate.taken(), 0);
}

TEST_P(admission_test, a_place_is_given_back_however_the_task_is_cancelled) {
  filch::scheduler& pool = make_timed_pool();
  filch::admission_gate gate({.capacity = 4});
  filch::rate_limiter slow(1);
  std::stop_source group;
  held_workers held(pool, width());
  auto cancelled = filch::submit(pool, {.gate = &gate}, [] {});
  auto stopped = filch::submit(pool, {.task = {.stop = group.get_token()}, .gate = &gate}, [](std::stop_token) {});
  auto first = filch::submit(pool, {.gate = &gate, .limiter = &slow}, [] {});
  auto later = filch::submit(pool, {.gate = &gate, .limiter = &slow}, [] {});
  EXPECT_EQ(gate.taken(), 4);
  EXPECT_TRUE(cancelled.cancel());
  EXPECT_EQ(gate.taken(), 3);
  group.request_stop();
  EXPECT_EQ(gate.taken(), 2);
  EXPECT_TRUE(later.cancel());
  EXPECT_EQ(gate.taken(), 1);
  (void)pool.shutdown_now();
  EXPECT_EQ(gate.taken(), 0);
  EXPECT_THROW(first.get(), filch::task_cancelled);
  EXPECT_THROW(stopped.get(), filch::task_cancelled);
}

TEST_P(admission_test, a_place_is_given_back_when_the_submission_fails) {
  filch::scheduler& pool = make_shaped_pool();
  for (const filch::when_full policy : every_policy) {
    filch::admission_gate gate({.capacity = 1, .when_full = policy});
    const throws_when_copied argument;
    EXPECT_THROW((void)filch::submit(pool, {.gate = &gate}, [](const throws_when_copied&) {}, argument), std::runtime_error);
    EXPECT_THROW((void)filch::submit(pool, {.gate = &gate}, std::function<void()>()), std::invalid_argument);
    EXPECT_THROW((void)filch::try_submit(pool, gate, std::function<void()>()), std::invalid_argument);
    EXPECT_THROW((void)filch::submit_for(pool, gate, 1s, static_cast<void (*)()>(nullptr)), std::invalid_argument);
    EXPECT_EQ(gate.taken(), 0);
  }
  (void)pool.shutdown();
  for (const filch::when_full policy : every_policy) {
    filch::admission_gate gate({.capacity = 1, .when_full = policy});
    EXPECT_THROW((void)filch::submit(pool, {.gate = &gate}, [] {}), filch::closed);
    EXPECT_THROW((void)filch::try_submit(pool, gate, [] {}), filch::closed);
    EXPECT_THROW((void)filch::submit_for(pool, gate, 1s, [] {}), filch::closed);
    EXPECT_EQ(gate.taken(), 0);
  }
}

TEST_P(admission_test, who_is_rejected_is_told_and_nothing_is_queued) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 2, .when_full = filch::when_full::reject});
  held_workers held(pool, width());
  fill(pool, gate);
  auto kept = std::make_unique<int>(42);
  try {
    (void)filch::submit(pool, {.gate = &gate}, [](std::unique_ptr<int>) {}, std::move(kept));
    FAIL() << "not rejected";
  } catch (const filch::rejected& told) {
    EXPECT_NE(std::string(told.what()).find("all 2 places"), std::string::npos);
  }
  EXPECT_EQ(*kept, 42);
  EXPECT_EQ(gate.taken(), 2);
  EXPECT_EQ(gate.waiting(), 0);
  held.release();
  pool.wait_idle();
  EXPECT_EQ(filch::submit(pool, {.gate = &gate}, [] { return 1; }).get(), 1);
}

TEST_P(admission_test, a_caller_that_runs_its_task_has_a_future_that_is_ready) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  held_workers held(pool, width());
  fill(pool, gate);
  const filch::job_options options{.gate = &gate};
  auto here = filch::submit(pool, options, [](std::unique_ptr<int> x) { return std::pair(std::this_thread::get_id(), *x); },
                            std::make_unique<int>(42));
  ASSERT_TRUE(here.ready());
  EXPECT_EQ(here.get(), std::pair(std::this_thread::get_id(), 42));
  auto failed = filch::submit(pool, options, [] { throw std::runtime_error("no"); });
  ASSERT_TRUE(failed.ready());
  EXPECT_THROW(failed.get(), std::runtime_error);
  EXPECT_FALSE(filch::submit(pool, options, [](std::stop_token stop) { return stop.stop_requested(); }).get());
  EXPECT_EQ(gate.taken(), 1);
}

TEST_P(admission_test, a_caller_that_runs_its_task_is_inside_the_pool_meanwhile) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  std::optional<held_workers> held(std::in_place, pool, width());
  fill(pool, gate);
  event ended;
  std::optional<filch::future<std::thread::id>> nested;
  threads others;
  auto here = filch::submit(pool, {.gate = &gate}, [&] {
    nested.emplace(filch::submit(pool, {.gate = &gate}, [] { return std::this_thread::get_id(); }));
    EXPECT_FALSE(nested->ready());
    EXPECT_EQ(gate.taken(), 2);
    EXPECT_THROW(pool.wait_idle(), filch::would_deadlock);
    others.start([&] {
      (void)pool.shutdown();
      ended.set();
    });
    held->release();
    EXPECT_NE(nested->get(), std::this_thread::get_id());
    EXPECT_FALSE(ended.is_set());
  });
  here.get();
  EXPECT_TRUE(ended.wait());
}

TEST_P(admission_test, a_caller_that_runs_its_task_gets_the_token_of_the_pool_and_its_own) {
  for (const bool own : {false, true}) {
    filch::scheduler& pool = make_shaped_pool();
    filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
    held_workers held(pool, width());
    fill(pool, gate);
    std::stop_source source;
    const filch::job_options options{.task = {.stop = source.get_token()}, .gate = &gate};
    threads others;
    auto here = filch::submit(pool, options, [&](std::stop_token stop) {
      others.start([&] { own ? static_cast<void>(source.request_stop()) : static_cast<void>(pool.shutdown_now()); });
      return eventually([&] { return stop.stop_requested(); });
    });
    EXPECT_TRUE(here.get());
    others.join();
    if (!own) continue;
    bool ran = false;
    EXPECT_THROW(filch::submit(pool, options, [&] { ran = true; }).get(), filch::task_cancelled);
    EXPECT_FALSE(ran);
  }
}

TEST_P(admission_test, try_submit_never_waits_and_leaves_the_arguments_alone) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 2});
  held_workers held(pool, width());
  auto kept = std::make_unique<int>(42);
  const auto take = [](std::unique_ptr<int> x) { return *x; };
  for (int i = 0; i != 2; ++i) EXPECT_TRUE(filch::try_submit(pool, gate, take, std::make_unique<int>(i)).has_value());
  EXPECT_FALSE(filch::try_submit(pool, gate, take, std::move(kept)).has_value());
  EXPECT_FALSE(filch::try_submit(pool, {.gate = &gate}, take, std::move(kept)).has_value());
  ASSERT_NE(kept, nullptr);
  held.release();
  pool.wait_idle();
  auto done = filch::try_submit(pool, gate, take, std::move(kept));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->get(), 42);
  EXPECT_EQ(filch::try_submit(pool, {}, [] { return 1; })->get(), 1);
}

TEST_P(admission_test, submit_for_waits_for_its_turn_and_no_longer_than_its_limit) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  held_workers held(pool, width());
  fill(pool, gate);
  auto kept = std::make_unique<int>(42);
  const auto take = [](std::unique_ptr<int> x) { return *x; };
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(filch::submit_for(pool, gate, 20ms, take, std::move(kept)).has_value());
  EXPECT_GE(std::chrono::steady_clock::now() - began, 20ms);
  for (const std::chrono::milliseconds none : {0ms, -1ms, std::chrono::milliseconds::min()})
    EXPECT_FALSE(filch::submit_for(pool, gate, none, take, std::move(kept)).has_value());
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(gate.waiting(), 0);
  EXPECT_EQ(gate.taken(), 1);
  threads outside;
  outside.start([&] {
    auto done = filch::submit_for(pool, {.gate = &gate}, std::chrono::hours::max(), take, std::move(kept));
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ(done->get(), 42);
  });
  EXPECT_TRUE(waits(gate, 1));
  held.release();
  outside.join();
  EXPECT_EQ(filch::submit_for(pool, gate, 0s, [] { return 1; })->get(), 1);
  EXPECT_EQ(filch::submit_for(pool, {}, 0s, [] { return 1; })->get(), 1);
}

TEST_P(admission_test, who_leaves_the_line_leaves_the_others_in_order) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  held_workers held(pool, width());
  fill(pool, gate);
  std::vector<int> order;
  std::stop_source leaves[5];
  threads outside;
  for (int i = 0; i != 5; ++i) {
    outside.start([&, i] {
      const filch::job_options options{.task = {.stop = leaves[i].get_token()}, .gate = &gate};
      auto come = filch::submit(pool, options, [&order, i] { order.push_back(i); });
      if (i % 2 == 0) {
        EXPECT_THROW(come.get(), filch::task_cancelled);
      } else {
        come.get();
      }
    });
    EXPECT_TRUE(waits(gate, i + 1));
  }
  for (const int i : {2, 0, 4}) leaves[i].request_stop();
  EXPECT_EQ(gate.waiting(), 2);
  held.release();
  outside.join();
  EXPECT_EQ(order, (std::vector<int>{1, 3}));
  EXPECT_EQ(gate.taken(), 0);
}

TEST_P(admission_test, a_stop_request_ends_the_wait_and_the_task) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  held_workers held(pool, width());
  fill(pool, gate);
  std::stop_source group;
  const filch::job_options options{.task = {.stop = group.get_token()}, .gate = &gate};
  const auto shared = std::make_shared<int>(1);
  threads outside;
  for (const bool limited : {false, true}) {
    outside.start([&, limited] {
      auto never = limited ? filch::submit_for(pool, options, watchdog, [shared] {})
                           : std::optional(filch::submit(pool, options, [shared] {}));
      ASSERT_TRUE(never.has_value());
      EXPECT_TRUE(never->ready());
      EXPECT_THROW(never->get(), filch::task_cancelled);
    });
  }
  EXPECT_TRUE(waits(gate, 2));
  group.request_stop();
  outside.join();
  EXPECT_EQ(shared.use_count(), 1);
  EXPECT_EQ(gate.waiting(), 0);
  EXPECT_THROW(filch::submit(pool, options, [] {}).get(), filch::task_cancelled);
  EXPECT_EQ(gate.taken(), 1);
}

TEST_P(admission_test, a_task_that_submits_to_its_own_full_pool_exceeds_the_bound) {
  for (const filch::when_full policy : every_policy) {
    filch::scheduler& pool = make_shaped_pool();
    filch::admission_gate gate({.capacity = 1, .when_full = policy});
    const filch::job_options options{.gate = &gate};
    const auto fan_out = [&] {
      std::vector<filch::future<int>> inner;
      for (int i = 0; i != 10; ++i) inner.push_back(filch::submit(pool, options, [i] { return i; }));
      inner.push_back(*filch::try_submit(pool, gate, [] { return 10; }));
      inner.push_back(*filch::submit_for(pool, gate, 0s, [] { return 11; }));
      return inner;
    };
    const auto sum = [](std::vector<filch::future<int>> all) {
      int total = 0;
      for (auto& each : all) total += each.get();
      return total;
    };
    EXPECT_EQ(filch::submit(pool, options, [&] { return sum(fan_out()); }).get(), 66);
    EXPECT_EQ(gate.taken(), 0);
    held_workers held(pool, width());
    fill(pool, gate);
    auto on_this_thread = pool.submit(fan_out).get(filch::help);
    EXPECT_EQ(gate.taken(), 13);
    held.release();
    EXPECT_EQ(sum(std::move(on_this_thread)), 66);
    pool.wait_idle();
    EXPECT_EQ(gate.taken(), 0);
  }
}

TEST_P(admission_test, a_hook_that_submits_to_its_own_full_pool_does_not_wait) {
  filch::admission_gate gate({.capacity = 1});
  std::atomic<filch::scheduler*> of_the_hook{nullptr};
  event submitted;
  event go;
  filch::scheduler_options options = shape();
  options.on_worker_start = [&](const filch::worker_info& who) {
    if (!who.spare) return;
    (void)filch::submit(*of_the_hook.load(), {.gate = &gate}, [] {});
    submitted.set();
  };
  filch::scheduler& pool = make_pool(options);
  of_the_hook = &pool;
  auto blocks = filch::submit(pool, {.gate = &gate}, [go] { filch::blocking([&] { EXPECT_TRUE(go.wait()); }); });
  EXPECT_TRUE(submitted.wait());
  go.set();
  blocks.get();
  pool.wait_idle();
  EXPECT_EQ(gate.taken(), 0);
}

TEST_P(admission_test, what_tasks_take_beyond_the_bound_comes_back_before_the_next_from_outside) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  event go;
  auto outer = filch::submit(pool, {.gate = &gate}, [&] {
    std::vector<filch::future<void>> inner;
    for (int i = 0; i != 20; ++i) inner.push_back(filch::submit(pool, {.gate = &gate}, [go] { EXPECT_TRUE(go.wait()); }));
    EXPECT_EQ(gate.taken(), 21);
    return inner;
  });
  threads outside;
  EXPECT_TRUE(eventually([&] { return gate.taken() > 1; }));
  outside.start([&] { filch::submit(pool, {.gate = &gate}, [&] { EXPECT_EQ(gate.taken(), 1); }).get(); });
  EXPECT_TRUE(waits(gate, 1));
  go.set();
  outside.join();
  for (auto& each : outer.get()) each.get();
  EXPECT_EQ(gate.taken(), 0);
}

TEST_P(admission_test, a_worker_of_another_pool_that_waits_is_replaced) {
  filch::scheduler& other = make_shaped_pool();
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  held_workers held(other, width());
  fill(other, gate);
  std::vector<filch::future<int>> waiting;
  for (unsigned i = 0; i != width(); ++i)
    waiting.push_back(pool.submit([&] { return filch::submit(other, {.gate = &gate}, [] { return 1; }).get(); }));
  EXPECT_TRUE(waits(gate, width()));
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
  held.release();
  for (auto& each : waiting) EXPECT_EQ(each.get(), 1);
}

TEST_P(admission_test, a_worker_of_another_pool_that_cannot_be_replaced_is_told) {
  filch::scheduler& other = make_shaped_pool();
  filch::scheduler_options options = shape();
  options.spares = 0;
  filch::scheduler& pool = make_pool(options);
  filch::admission_gate gate({.capacity = 1});
  held_workers held(other, width());
  fill(other, gate);
  std::vector<filch::future<int>> waiting;
  const auto come = [&] { return filch::submit(other, {.gate = &gate}, [] { return 1; }).get(); };
  for (unsigned i = 1; i != width(); ++i) waiting.push_back(pool.submit(come));
  EXPECT_TRUE(waits(gate, width() - 1));
  EXPECT_THROW(pool.submit(come).get(), filch::too_many_blocked);
  EXPECT_FALSE(pool.submit([&] { return filch::submit_for(other, gate, 0s, [] {}).has_value(); }).get());
  EXPECT_EQ(gate.waiting(), width() - 1);
  EXPECT_EQ(gate.taken(), 1);
  held.release();
  for (auto& each : waiting) EXPECT_EQ(each.get(), 1);
}

TEST_P(admission_test, two_pools_share_a_bound) {
  filch::scheduler& one = make_shaped_pool();
  filch::scheduler& other = make_shaped_pool();
  filch::admission_gate gate({.capacity = 2});
  held_workers held_in_one(one, width());
  held_workers held_in_other(other, width());
  auto first = filch::submit(one, {.gate = &gate}, [] {});
  auto second = filch::submit(other, {.gate = &gate}, [] {});
  threads outside;
  outside.start([&] { filch::submit(one, {.gate = &gate}, [] {}).get(); });
  EXPECT_TRUE(waits(gate, 1));
  held_in_one.release();
  outside.join();
  EXPECT_EQ(gate.taken(), 1);
  held_in_other.release();
  second.get();
  first.get();
}

TEST_P(admission_test, who_holds_a_place_does_not_wait_for_another_whatever_the_pool) {
  filch::scheduler& one = make_shaped_pool();
  filch::scheduler& other = make_shaped_pool();
  for (const filch::when_full policy : every_policy) {
    filch::admission_gate gate({.capacity = 1, .when_full = policy});
    EXPECT_EQ(filch::submit(one, {.gate = &gate},
                            [&] { return filch::submit(other, {.gate = &gate}, [] { return 42; }).get(); })
                  .get(),
              42);
    EXPECT_EQ(gate.taken(), 0);
  }
}

TEST_P(admission_test, a_callable_whose_copy_submits_does_not_wait_for_itself) {
  struct submits_when_copied {
    filch::scheduler* pool;
    filch::admission_gate* gate;
    submits_when_copied(filch::scheduler* to, filch::admission_gate* through) : pool(to), gate(through) {}
    submits_when_copied(const submits_when_copied& other) : pool(other.pool), gate(other.gate) {
      (void)filch::submit(*pool, {.gate = gate}, [] {});
    }
    int operator()() const { return 42; }
  };
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  held_workers held(pool, width());
  const submits_when_copied function(&pool, &gate);
  auto done = filch::submit(pool, {.gate = &gate}, function);
  EXPECT_EQ(gate.taken(), 2);
  held.release();
  EXPECT_EQ(done.get(), 42);
}

TEST_P(admission_test, a_gate_may_go_before_its_tasks) {
  filch::scheduler& pool = make_shaped_pool();
  auto gate = std::make_unique<filch::admission_gate>(filch::admission_options{.capacity = 5});
  held_workers held(pool, width());
  std::vector<filch::future<int>> tasks;
  for (int i = 0; i != 5; ++i) tasks.push_back(filch::submit(pool, {.gate = gate.get()}, [i] { return i; }));
  gate.reset();
  EXPECT_TRUE(tasks[4].cancel());
  held.release();
  for (std::size_t i = 0; i != 4; ++i) EXPECT_EQ(tasks[i].get(), static_cast<int>(i));
}

TEST_P(admission_test, a_gate_may_go_as_soon_as_the_last_submission_has_returned) {
  filch::scheduler& pool = make_shaped_pool();
  for (unsigned i = 0; i != scaled(5'000); ++i) {
    filch::admission_gate gate({.capacity = 1});
    for (int n = 0; n != 3; ++n) (void)filch::submit(pool, {.gate = &gate}, [] {});
  }
  pool.wait_idle();
}

TEST_P(admission_test, a_shutdown_lets_those_who_wait_have_their_turn_and_refuses_them) {
  for (const bool cancels : {false, true}) {
    filch::scheduler& pool = make_shaped_pool();
    filch::admission_gate gate({.capacity = 2});
    held_workers held(pool, width());
    fill(pool, gate);
    threads outside;
    std::atomic<unsigned> refused{0};
    for (int i = 0; i != 3; ++i)
      outside.start([&, i] {
        if (is_closed_by([&] {
              if (i == 0)
                (void)filch::submit_for(pool, gate, watchdog, [] {});
              else
                (void)filch::submit(pool, {.gate = &gate}, [] {});
            }))
          refused.fetch_add(1);
      });
    EXPECT_TRUE(waits(gate, 3));
    outside.start([&] { cancels ? pool.shutdown_now() : pool.shutdown(); });
    EXPECT_TRUE(eventually([&] { return is_closed(pool); }));
    if (cancels) {
      EXPECT_TRUE(eventually([&] { return refused.load() == 3; }));  // what was queued is cancelled, while workers are held
    }
    held.release();
    outside.join();
    EXPECT_EQ(refused.load(), 3U);
    EXPECT_EQ(gate.taken(), 0);
  }
}

TEST_P(admission_test, a_closed_pool_says_so_also_where_the_gate_is_full) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& ended = make_shaped_pool();
  (void)ended.shutdown();
  held_workers held(pool, width());
  for (const filch::when_full policy : every_policy) {
    filch::admission_gate gate({.capacity = 1, .when_full = policy});
    fill(pool, gate);
    EXPECT_THROW((void)filch::submit(ended, {.gate = &gate}, [] {}), filch::closed);
    EXPECT_THROW((void)filch::try_submit(ended, gate, [] {}), filch::closed);
    EXPECT_THROW((void)filch::submit_for(ended, gate, 1s, [] {}), filch::closed);
    EXPECT_EQ(gate.taken(), 1);
  }
}

TEST_P(admission_test, a_place_comes_before_the_moment_of_the_limiter) {
  filch::scheduler& pool = make_timed_pool();
  filch::admission_gate gate({.capacity = 1});
  filch::rate_limiter slow(1);
  const filch::job_options options{.gate = &gate, .limiter = &slow};
  filch::submit(pool, options, [] {}).get();
  auto second = filch::submit(pool, options, [] {});
  for (int i = 0; i != 10; ++i) EXPECT_FALSE(filch::try_submit(pool, options, [] {}).has_value());  // no moment is used up
  EXPECT_FALSE(second.ready());
  clock.advance(1s);
  second.get();
  auto third = filch::submit(pool, options, [] {});
  clock.advance(1s);
  third.get();
}

TEST_P(admission_test, a_caller_that_runs_its_task_waits_for_the_moment_of_the_limiter) {
  filch::scheduler& pool = make_timed_pool();
  filch::scheduler& other = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  filch::rate_limiter slow(1);
  held_workers held(other, width());
  fill(other, gate);
  filch::submit(pool, {.limiter = &slow}, [] {}).get();
  const auto first = clock.now();
  event came;
  threads outside;
  outside.start([&] {
    const auto come = [&] { return std::pair(std::this_thread::get_id(), clock.now()); };
    const auto [thread, when] = filch::submit(pool, {.gate = &gate, .limiter = &slow}, come).get();
    EXPECT_EQ(thread, std::this_thread::get_id());
    EXPECT_GE(when - first, 1s);
    came.set();
  });
  EXPECT_TRUE(eventually([&] {
    clock.advance(10ms);
    return came.is_set();
  }));
  held.release();
}

TEST_P(admission_test, a_caller_that_waits_for_the_moment_of_the_limiter_hears_of_the_end) {
  for (const bool stops : {false, true}) {
    filch::scheduler& pool = make_timed_pool();
    filch::scheduler& other = make_shaped_pool();
    filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
    filch::rate_limiter slow(1);
    held_workers held(other, width());
    fill(other, gate);
    filch::submit(pool, {.limiter = &slow}, [] {}).get();
    std::stop_source source;
    event ready;
    threads outside;
    outside.start([&] {
      ready.set();
      const filch::job_options options{.task = {.stop = source.get_token()}, .gate = &gate, .limiter = &slow};
      try {
        filch::submit(pool, options, [] {}).get();
        ADD_FAILURE() << "it ran";
      } catch (const filch::task_cancelled&) {
        return;  // while it waited
      } catch (const filch::closed&) {
        EXPECT_FALSE(stops);  // before
      }
    });
    EXPECT_TRUE(ready.wait());
    stops ? static_cast<void>(source.request_stop()) : static_cast<void>(pool.shutdown_now());
    outside.join();
    held.release();
  }
}

// The pool itself is full: nobody else could run anything.
TEST_P(admission_test, a_caller_that_waits_for_its_moment_needs_no_worker) {
  filch::scheduler& pool = make_timed_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::caller_runs});
  filch::rate_limiter slow(1);
  ASSERT_TRUE(slow.try_take(clock.now()));
  held_workers held(pool, width());
  fill(pool, gate);
  for (const bool is_job : {false, true}) {
    event came;
    threads outside;
    outside.start([&] {
      filch::job_options options{.gate = &gate, .limiter = &slow};
      if (is_job) options.timeout = 1h;
      filch::submit(pool, options, [] {}).get();
      came.set();
    });
    EXPECT_TRUE(eventually([&] {
      clock.advance(100ms);
      return came.is_set();
    }));
  }
  held.release();
}

// What a holder of a place does outside of its call is done in its place too.
TEST_P(admission_test, a_capture_may_submit_through_its_gate_to_another_pool_when_it_dies) {
  struct last_words {
    filch::scheduler* other;
    filch::admission_gate* gate;
    event* said;
    void operator()(int*) const {
      filch::submit(*other, {.gate = gate}, [] {}).get();
      said->set();
    }
  };
  int number = 0;
  for (const bool cancelled : {false, true}) {
    filch::scheduler& one = make_shaped_pool();
    filch::scheduler& other = make_shaped_pool();
    filch::admission_gate gate({.capacity = 1});
    event said;
    held_workers held(one, width());
    auto task = filch::submit(one, {.gate = &gate},
                              [capture = std::shared_ptr<int>(&number, last_words{&other, &gate, &said})] {});
    if (cancelled) {
      EXPECT_TRUE(task.cancel());
    }
    held.release();
    EXPECT_TRUE(said.wait());
    task.wait();
  }
}

TEST_P(admission_test, a_job_waits_for_a_place_until_its_deadline) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  held_workers held(pool, width());
  fill(pool, gate);
  std::atomic<bool> ran = false;
  auto late = filch::submit(pool, {.gate = &gate, .deadline = std::chrono::steady_clock::now() + 1ms}, [&] { ran = true; });
  EXPECT_THROW(late.get(), filch::timed_out);
  EXPECT_FALSE(ran);
  EXPECT_THROW((void)filch::submit(pool, {.gate = &gate, .timeout = 0ns}, [] {}), std::invalid_argument);
  held.release();
}

TEST_P(admission_test, whatever_may_be_submitted_may_be_admitted) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  const filch::job_options options{.gate = &gate};
  struct once {
    int operator()(std::unique_ptr<int> x) && { return *x; }
  };
  struct with_member {
    int value = 42;
    int get() const { return value; }
  };
  struct prefers_a_token {
    std::string operator()(int) const { return "without"; }
    std::string operator()(std::stop_token, int) const { return "with"; }
  };
  int there = 42;
  std::stop_source given;
  EXPECT_EQ(filch::submit(pool, options, once(), std::make_unique<int>(42)).get(), 42);
  EXPECT_EQ(filch::submit(pool, options, &with_member::get, with_member()).get(), 42);
  EXPECT_EQ(filch::submit(pool, options, &with_member::value, with_member()).get(), 42);
  EXPECT_EQ(filch::submit(pool, options, prefers_a_token(), 1).get(), "with");
  EXPECT_EQ(&filch::submit(pool, options, [](int& x) -> int& { return x; }, std::ref(there)).get(), &there);
  const auto answer = [](std::stop_token stop) { return stop; };
  EXPECT_EQ(filch::submit(pool, options, answer, given.get_token()).get(), given.get_token());
  auto moved = filch::submit(pool, options, [](std::unique_ptr<int>&& x) -> std::unique_ptr<int>&& { return std::move(x); },
                             std::make_unique<int>(42));
  static_assert(std::is_same_v<decltype(moved), filch::future<std::unique_ptr<int>>>);
  EXPECT_EQ(*moved.get(), 42);
  EXPECT_EQ(filch::submit(pool, {.task = {.priority = filch::priority::high}, .gate = &gate}, [] { return 1; }).get(), 1);
}

TEST_P(admission_test, what_makes_no_sense_at_a_gate_is_refused) {
  for (const std::int64_t capacity : {std::int64_t{0}, std::int64_t{-1}, (std::int64_t{1} << 48) + 1, INT64_MIN, INT64_MAX})
    EXPECT_THROW(filch::admission_gate gate({.capacity = capacity}), std::invalid_argument);
  constexpr auto none = static_cast<filch::when_full>(3);
  EXPECT_THROW(filch::admission_gate gate({.capacity = 1, .when_full = none}), std::invalid_argument);
  const filch::admission_gate wide({.capacity = std::int64_t{1} << 48});
  EXPECT_EQ(wide.capacity() - wide.taken(), std::int64_t{1} << 48);
}

TEST_P(admission_test, in_a_forked_child_a_gate_is_an_error_and_no_hang) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1});
  held_workers held(pool, width());
  fill(pool, gate);
  threads outside;
  outside.start([&] { (void)filch::submit(pool, {.gate = &gate}, [] {}); });
  EXPECT_TRUE(waits(gate, 1));
  const pid_t child = ::fork();
  if (child == 0) {
    const auto is_refused = [](const std::function<void()>& submit) {
      try {
        submit();
        return false;
      } catch (const filch::forked&) {
        return true;
      }
    };
    bool all = is_refused([&] { (void)filch::submit(pool, {.gate = &gate}, [] {}); });
    all = is_refused([&] { (void)filch::try_submit(pool, gate, [] {}); }) && all;
    filch::admission_gate of_the_child({.capacity = 1});
    all = is_refused([&] { (void)filch::submit(pool, {.gate = &of_the_child}, [] {}); }) && all;
#if !defined(__SANITIZE_THREAD__)  // which refuses threads in the child of a process that had some
    filch::scheduler pool_of_the_child({.workers = 1});
    all = is_refused([&] { (void)filch::try_submit(pool_of_the_child, gate, [] {}); }) && all;
#endif
    end_child(all && of_the_child.taken() == 0 ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  held.release();
}

/// What a crowd does to two gates and two pools, of which one ends meanwhile.
TEST_P(admission_test, whatever_happens_every_place_comes_back_and_nobody_waits_for_ever) {
  filch::scheduler& one = make_shaped_pool();
  filch::scheduler& other = make_shaped_pool();
  auto narrow = std::make_unique<filch::admission_gate>(filch::admission_options{.capacity = 1});
  auto wide = std::make_unique<filch::admission_gate>(filch::admission_options{.capacity = 3});
  std::atomic<unsigned> accepted{0};
  std::atomic<unsigned> ended{0};
  std::atomic<unsigned> progress{0};
  const unsigned rounds = scaled(2'000);
  threads outside;
  for (unsigned self = 0; self != 4; ++self)
    outside.start([&, self] {
      for (unsigned n = 0; n != rounds; ++n) {
        progress.fetch_add(1);
        filch::scheduler& pool = (n + self) % 3 == 0 ? one : other;
        filch::admission_gate& gate = (n + self) % 2 == 0 ? *narrow : *wide;
        std::stop_source source;
        const filch::job_options options{.task = {.stop = source.get_token()}, .gate = &gate};
        const auto counts = std::shared_ptr<void>(nullptr, [&](void*) { ended.fetch_add(1); });
        const auto nested = [&, counts] { (void)filch::submit(pool, options, [counts] {}).cancel(); };
        try {
          std::optional<filch::future<void>> task;
          switch (n % 5) {
            case 0:
              task.emplace(filch::submit(pool, {.gate = &gate}, [counts] {}));
              break;
            case 1:
              task = filch::try_submit(pool, gate, [counts] {});
              break;
            case 2:
              task = filch::submit_for(pool, gate, std::chrono::microseconds(n % 100), [counts] {});
              break;
            case 3:
              task.emplace(filch::submit(pool, options, [counts] {}));
              source.request_stop();
              break;
            default: {
              std::thread stops([&] { source.request_stop(); });
              try {
                task.emplace(filch::submit(pool, options, nested));
                task->wait();
              } catch (...) {
                stops.join();
                throw;
              }
              stops.join();
            }
          }
          if (task && n % 7 == 0) (void)task->cancel();
        } catch (const filch::closed&) {
        }
        accepted.fetch_add(1);
      }
    });
  EXPECT_TRUE(eventually([&] { return progress.load() > rounds; }));
  (void)one.shutdown_now();
  outside.join();
  (void)one.shutdown();
  other.wait_idle();
  EXPECT_EQ(narrow->taken(), 0);
  EXPECT_EQ(wide->taken(), 0);
  EXPECT_EQ(narrow->waiting() + wide->waiting(), 0);
  EXPECT_EQ(ended.load(), accepted.load());
}

}  // namespace
