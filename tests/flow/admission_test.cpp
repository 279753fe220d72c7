// Bounded admission: so many at a time, and who waits comes in turn.
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
#include <type_traits>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/end_child.hpp"
#include "flow/gate_fixture.hpp"

namespace {

using namespace filch_tests;

class admission_test : public gate_test {};
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
  filch::submit(pool, {.gate = &gate, .deadline = std::chrono::steady_clock::time_point::max()}, [] {}).get();
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

}  // namespace
