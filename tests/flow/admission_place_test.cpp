// A place is given back whatever becomes of its task, and a gate may go before its tasks.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "flow/gate_fixture.hpp"

namespace {

using namespace filch_tests;

class admission_place_test : public gate_test {};
INSTANTIATE_POOL_SHAPES(admission_place_test);

TEST_P(admission_place_test, a_place_is_given_back_when_the_task_has_run_or_thrown) {
  filch::scheduler& pool = make_shaped_pool();
  filch::admission_gate gate({.capacity = 1, .when_full = filch::when_full::reject});
  const filch::job_options options{.gate = &gate};
  for (int i = 0; i != 100; ++i) {
    EXPECT_EQ(filch::submit(pool, options, [i] { return i; }).get(), i);
    EXPECT_THROW(filch::submit(pool, options, [] { throw std::runtime_error("no"); }).get(), std::runtime_error);
  }
  EXPECT_EQ(gate.taken(), 0);
}

TEST_P(admission_place_test, a_place_is_given_back_after_the_captures_are_gone) {
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

TEST_P(admission_place_test, a_place_is_given_back_however_the_task_is_cancelled) {
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

TEST_P(admission_place_test, a_place_is_given_back_when_the_submission_fails) {
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

TEST_P(admission_place_test, what_tasks_take_beyond_the_bound_comes_back_before_the_next_from_outside) {
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

TEST_P(admission_place_test, a_gate_may_go_before_its_tasks) {
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

TEST_P(admission_place_test, a_gate_may_go_as_soon_as_the_last_submission_has_returned) {
  filch::scheduler& pool = make_shaped_pool();
  for (unsigned i = 0; i != scaled(5'000); ++i) {
    filch::admission_gate gate({.capacity = 1});
    for (int n = 0; n != 3; ++n) (void)filch::submit(pool, {.gate = &gate}, [] {});
  }
  pool.wait_idle();
}

/// What a crowd does to two gates and two pools, of which one ends meanwhile.
TEST_P(admission_place_test, whatever_happens_every_place_comes_back_and_nobody_waits_for_ever) {
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
