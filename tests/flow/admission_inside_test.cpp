// Who is inside already: tasks, hooks and holders of places never wait for themselves.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "flow/gate_fixture.hpp"

namespace {

using namespace filch_tests;

class admission_inside_test : public gate_test {};
INSTANTIATE_POOL_SHAPES(admission_inside_test);

TEST_P(admission_inside_test, a_task_that_submits_to_its_own_full_pool_exceeds_the_bound) {
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

TEST_P(admission_inside_test, a_hook_that_submits_to_its_own_full_pool_does_not_wait) {
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

TEST_P(admission_inside_test, a_worker_of_another_pool_that_waits_is_replaced) {
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

TEST_P(admission_inside_test, a_worker_of_another_pool_that_cannot_be_replaced_is_told) {
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

TEST_P(admission_inside_test, who_holds_a_place_does_not_wait_for_another_whatever_the_pool) {
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

TEST_P(admission_inside_test, a_callable_whose_copy_submits_does_not_wait_for_itself) {
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

// What a holder of a place does outside of its call is done in its place too.
TEST_P(admission_inside_test, a_capture_may_submit_through_its_gate_to_another_pool_when_it_dies) {
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

}  // namespace
