// What threads outside the pool leave behind: nothing, however many there were.
#include "runtime/submission_slots.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include "memory/slab.hpp"
#include "runtime/allocation_probe.hpp"
#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;
using filch::detail::slab;
using filch::detail::slot_lease;
using filch::detail::submission_slot;
using filch::detail::submission_slots;

class submission_slots_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(submission_slots_test);

std::size_t count(const submission_slots& slots) {
  std::size_t sum = 0;
  slots.for_each([&](const submission_slot&) { ++sum; });
  return sum;
}

TEST_P(submission_slots_test, ten_thousand_short_lived_submitters_leave_memory_flat) {
  constexpr unsigned at_once = 4;
  filch::scheduler& pool = make_shaped_pool();
  const auto submit_from_threads = [&](unsigned rounds) {
    for (unsigned round = 0; round != rounds; ++round) {
      std::vector<std::thread> threads;
      for (unsigned t = 0; t != at_once; ++t) threads.emplace_back([&] { EXPECT_EQ(pool.submit([] { return 1; }).get(), 1); });
      for (std::thread& each : threads) each.join();
    }
  };
  constexpr unsigned first_rounds = 50;
  const unsigned rounds = scaled(width() == 2 ? 10'000 / at_once : 1'000 / at_once);
  submit_from_threads(first_rounds);
  const std::uint64_t slabs = slab::in_existence();
  const std::size_t bytes = resident_bytes();
  submit_from_threads(rounds);
  EXPECT_LE(slab::in_existence(), slabs + at_once);
  // Sanitizers keep what is freed for a while.
  EXPECT_TRUE(sanitizer_slowdown != 1 || resident_bytes() <= bytes + (std::size_t{4} << 20));
  EXPECT_EQ(pool.metrics().submitted(), (first_rounds + rounds) * at_once);
}

TEST_P(submission_slots_test, a_copy_constructor_may_submit_while_it_is_submitted) {
  struct submits_when_copied {
    explicit submits_when_copied(filch::scheduler& to, std::atomic<int>& counts) : pool(&to), ran(&counts) {}
    submits_when_copied(const submits_when_copied& other) : pool(other.pool), ran(other.ran) {
      pool->post([counts = ran] { counts->fetch_add(1); });
      pool->submit([counts = ran] { counts->fetch_add(1); }).get();
    }
    submits_when_copied& operator=(const submits_when_copied&) = delete;
    void operator()() const { ran->fetch_add(10); }
    filch::scheduler* pool;
    std::atomic<int>* ran;
  };
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  const submits_when_copied callable(pool, ran);
  pool.submit(callable).get();
  pool.submit([&] { pool.submit(callable).get(); }).get();
  pool.wait_idle();
  EXPECT_EQ(ran.load(), 24);
}

/// Trivial to copy, and yet its constructor template is the better match for what is not constant.
struct greedy {
  greedy() = default;
  greedy(const greedy&) = default;
  template <class T>
  explicit greedy(T&& other) : pool(other.pool), ran(other.ran) {  // chosen for an lvalue that is not const
    pool->submit([counts = ran] { counts->fetch_add(1); }).get();
    throw std::runtime_error("not this way");
  }
  void operator()() const { ran->fetch_add(10); }
  filch::scheduler* pool = nullptr;
  std::atomic<int>* ran = nullptr;
};

TEST_P(submission_slots_test, a_constructor_template_that_beats_the_trivial_copy_is_user_code_too) {
  static_assert(std::is_trivially_copyable_v<greedy>);
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<int> ran{0};
  greedy callable;
  callable.pool = &pool;
  callable.ran = &ran;
  EXPECT_THROW((void)pool.submit(callable), std::runtime_error);
  EXPECT_THROW(pool.post(callable), std::runtime_error);
  EXPECT_EQ(ran.load(), 2);
}

TEST_P(submission_slots_test, a_thread_that_uses_many_pools_gets_each_task_to_the_right_one) {
  std::vector<filch::scheduler*> pools;
  for (int i = 0; i != 3; ++i) pools.push_back(&make_shaped_pool());
  std::atomic<int> ran{0};
  for (int i = 0; i != 300; ++i) pools[static_cast<std::size_t>(i % 3)]->post([&] { ran.fetch_add(1); });
  for (filch::scheduler* const each : pools) {
    each->wait_idle();
    EXPECT_EQ(each->metrics().total().executed, 100U);
  }
  EXPECT_EQ(ran.load(), 300);
}

TEST(lease_test, a_slot_has_one_holder_and_a_new_block_comes_when_all_are_held) {
  submission_slots slots;
  const std::size_t first_block = count(slots);
  std::vector<std::thread> threads;
  std::atomic<unsigned> holding{0};
  std::atomic<bool> enough{false};
  constexpr unsigned wanted = 20;
  for (unsigned i = 0; i != wanted; ++i)
    threads.emplace_back([&] {
      const auto lease = slots.lease();
      lease->ledger.count_spawned(1);
      holding.fetch_add(1);
      while (!enough) std::this_thread::yield();
    });
  EXPECT_TRUE(eventually([&] { return holding.load() == wanted; }));
  slots.for_each([](const submission_slot& each) { EXPECT_LE(each.ledger.spawned(), 1U); });
  EXPECT_GE(count(slots), wanted);
  EXPECT_LE(count(slots), wanted + first_block);
  enough = true;
  for (std::thread& each : threads) each.join();
  const std::size_t most = count(slots);
  for (int i = 0; i != 1'000; ++i) std::thread([&] { const auto lease = slots.lease(); }).join();
  EXPECT_EQ(count(slots), most);
}

TEST(lease_test, of_two_blocks_that_are_made_at_the_same_moment_one_is_used) {
  submission_slots slots;
  std::vector<std::unique_ptr<slot_lease>> all;
  auto lease_one = [&] {
    all.emplace_back(new slot_lease(slots.lease()));
    (*all.back())->ledger.count_spawned(1);
  };
  const std::size_t first_block = count(slots);
  while (all.size() != first_block) lease_one();
  {
    // Another thread adds its block while this one is about to take memory for its own.
    const at_next_aligned_allocation faster(
        [](void* context) { std::thread([&] { (*static_cast<decltype(lease_one)*>(context))(); }).join(); }, &lease_one);
    lease_one();
  }
  EXPECT_EQ(all.size(), first_block + 2);
  EXPECT_EQ(count(slots), 2 * first_block);
  std::uint64_t held = 0;
  slots.for_each([&](const submission_slot& each) {
    EXPECT_LE(each.ledger.spawned(), 1U);
    held += each.ledger.spawned();
  });
  EXPECT_EQ(held, first_block + 2);
}

TEST(lease_test, a_holder_that_is_called_stays_to_answer) {
  filch::detail::submission_mark<> mark;
  using filch::detail::lease_outcome;
  ASSERT_EQ(mark.lease_or_call(), lease_outcome::leased);
  EXPECT_EQ(mark.try_lease(), lease_outcome::busy);
  EXPECT_EQ(mark.lease_or_call(), lease_outcome::busy);
  EXPECT_EQ(mark.lease_or_call(), lease_outcome::busy);
  EXPECT_EQ(mark.try_lease(), lease_outcome::busy) << "called is held";
  EXPECT_FALSE(mark.release_unless_called());
  EXPECT_EQ(mark.try_lease(), lease_outcome::busy) << "one answer for both calls, and it is held still";
  EXPECT_TRUE(mark.release_unless_called());
  EXPECT_EQ(mark.try_lease(), lease_outcome::leased);
  EXPECT_TRUE(mark.release_unless_called()) << "a call does not outlast the holder";
}

TEST(lease_test, the_closer_waits_for_every_holder) {
  submission_slots slots;
  std::atomic<bool> left{false};
  const event held;
  std::thread holder([&] {
    const auto lease = slots.lease();
    held.set();
    std::this_thread::sleep_for(5ms);
    left = true;
  });
  EXPECT_TRUE(held.wait());
  slots.wait_until_all_free();
  EXPECT_TRUE(left.load());
  holder.join();
}

}  // namespace
