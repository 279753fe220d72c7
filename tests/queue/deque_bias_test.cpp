// The bias of a deque to its owner: when it is taken, who takes it away, and that no item is lost or taken twice by it.
#include <filch/detail/queue/chase_lev_deque.hpp>

#include "base/stampede.hpp"
#include "queue/deque_of_items.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

using filch::detail::deque_owner;
using filch::detail::deque_ring;
using filch::detail::deque_thief;
using filch::detail::prepare_heavy_fences;
using filch::detail::steal_outcome;
using filch_tests::expect_each_item_once;
using filch_tests::interrupted_atomics;
using filch_tests::item;
using filch_tests::numbered;
using filch_tests::tries;

class deque_bias : public testing::Test {
 protected:
  static constexpr unsigned calm_pops = 3;

  deque_bias() {
    interrupted_atomics::reset();
    rival = &rivals_end;
    stolen_by_rival = nullptr;
  }
  ~deque_bias() override { interrupted_atomics::reset(); }

  void push(item& each) { ASSERT_TRUE(owner.push(&each)); }
  void push_and_pop(unsigned times) {
    for (unsigned i = 0; i != times; ++i) {
      push(items[3]);
      ASSERT_EQ(owner.pop(), &items[3]);
    }
  }
  /// Whether a thief would have to take a bias away.
  bool steal_finds_bias(const item* expected) {
    const unsigned before = interrupted_atomics::heavy_fences;
    EXPECT_EQ(thief.steal().item, expected);
    return interrupted_atomics::heavy_fences != before;
  }
  static void steal_as_rival() { stolen_by_rival = rival->steal().item; }

  std::vector<item> items = numbered(4);
  deque_ring<item, interrupted_atomics>::slot slots[4]{};
  deque_ring<item, interrupted_atomics> ring{slots, 4};
  deque_owner<item, interrupted_atomics> owner{ring, calm_pops};
  deque_thief<item, interrupted_atomics> thief{ring};
  deque_thief<item, interrupted_atomics> rivals_end{ring};
  static inline deque_thief<item, interrupted_atomics>* rival = nullptr;
  static inline item* stolen_by_rival = nullptr;
};

TEST_F(deque_bias, is_taken_after_as_many_calm_pops_as_were_asked_for) {
  push_and_pop(calm_pops - 1);
  push(items[0]);
  EXPECT_FALSE(steal_finds_bias(&items[0]));
  push_and_pop(calm_pops + 1);  // the first of them finds that somebody has stolen
  push(items[0]);
  EXPECT_TRUE(steal_finds_bias(&items[0]));
}

TEST_F(deque_bias, is_taken_with_items_below_as_well) {
  push(items[0]);
  push(items[1]);
  push_and_pop(calm_pops + 1);
  EXPECT_TRUE(steal_finds_bias(&items[0]));
  EXPECT_FALSE(steal_finds_bias(&items[1])) << "the first thief has taken it away for all";
}

TEST_F(deque_bias, is_never_taken_by_an_owner_that_does_not_want_it) {
  deque_owner<item, interrupted_atomics> plain(ring);
  for (unsigned i = 0; i != 100; ++i) {
    ASSERT_TRUE(plain.push(&items[0]));
    ASSERT_EQ(plain.pop(), &items[0]);
  }
  ASSERT_TRUE(plain.push(&items[0]));
  EXPECT_FALSE(steal_finds_bias(&items[0]));
}

TEST_F(deque_bias, comes_back_when_thieves_have_gone) {
  push_and_pop(calm_pops + 1);
  for (unsigned round = 0; round != 5; ++round) {
    push(items[0]);
    EXPECT_TRUE(steal_finds_bias(&items[0]));
    push_and_pop(calm_pops + 2);
  }
}

TEST_F(deque_bias, an_empty_deque_costs_a_thief_no_heavy_fence) {
  push_and_pop(calm_pops + 1);
  EXPECT_FALSE(steal_finds_bias(nullptr));
  push(items[0]);
  EXPECT_TRUE(steal_finds_bias(&items[0])) << "the bias was there";
}

TEST_F(deque_bias, an_owner_that_loses_it_in_the_middle_of_a_pop_keeps_the_item_that_it_has_lowered_bottom_to) {
  push_and_pop(calm_pops + 1);
  push(items[0]);
  interrupted_atomics::before_light_fence = steal_as_rival;
  EXPECT_EQ(owner.pop(), &items[0]);
  EXPECT_EQ(stolen_by_rival, nullptr);
  EXPECT_EQ(owner.pop(), nullptr);
}

TEST_F(deque_bias, a_thief_in_the_middle_of_a_pop_has_what_lies_below) {
  push_and_pop(calm_pops + 1);
  push(items[0]);
  push(items[1]);
  interrupted_atomics::before_light_fence = steal_as_rival;
  EXPECT_EQ(owner.pop(), &items[1]);
  EXPECT_EQ(stolen_by_rival, &items[0]);
  EXPECT_EQ(owner.pop(), nullptr);
}

TEST_F(deque_bias, an_owner_whose_items_have_all_gone_finds_none) {
  push_and_pop(calm_pops + 1);
  push(items[0]);
  EXPECT_EQ(thief.steal().item, &items[0]);
  EXPECT_EQ(owner.pop(), nullptr);
  push(items[1]);
  EXPECT_EQ(owner.pop(), &items[1]);
}

TEST_F(deque_bias, a_thief_that_read_an_index_before_cannot_take_what_lies_there_later) {
  push(items[0]);
  // Between its look and its compare-and-swap the owner takes the bias and uses the index again without moving top, and another thief
  // takes the bias away and leaves the item: as before, but for the stamp.
  const auto late = thief.steal_if([&](const item*) {
    push_and_pop(calm_pops + 1);
    EXPECT_EQ(owner.pop(), &items[0]);
    push(items[1]);
    EXPECT_EQ(rivals_end.steal_if([](const item*) { return false; }).item, nullptr);
    EXPECT_EQ(interrupted_atomics::heavy_fences, 1U);
    return true;
  });
  EXPECT_EQ(late.outcome, steal_outcome::lost);
  EXPECT_FALSE(steal_finds_bias(&items[1]));
}

TEST_F(deque_bias, an_item_that_is_not_accepted_stays) {
  push(items[0]);
  push(items[1]);
  EXPECT_EQ(thief.steal_if([&](const item* each) { return each != &items[0]; }).outcome, steal_outcome::empty);
  item* spilled[2] = {};
  EXPECT_EQ(owner.spill_if(spilled, 2, [&](const item* each) { return each != &items[1]; }), 1U);
  EXPECT_EQ(spilled[0], &items[0]);
  EXPECT_EQ(owner.spill_if(spilled, 2, [&](const item* each) { return each != &items[1]; }), 0U);
  EXPECT_EQ(owner.pop(), &items[1]);
}

TEST_F(deque_bias, is_taken_also_from_a_thief_that_found_nothing_when_it_had_revoked_it) {
  push_and_pop(calm_pops + 1);
  push(items[0]);
  static deque_owner<item, interrupted_atomics>* late_owner = nullptr;
  late_owner = &owner;
  interrupted_atomics::before_heavy_fence = [] { EXPECT_NE(late_owner->pop(), nullptr); };
  EXPECT_EQ(thief.steal().outcome, steal_outcome::empty);
  push_and_pop(calm_pops + 1);
  static bool popped_without_a_fence = false;
  popped_without_a_fence = false;
  interrupted_atomics::before_light_fence = [] { popped_without_a_fence = true; };
  push_and_pop(1);
  EXPECT_TRUE(popped_without_a_fence);
}

TEST_F(deque_bias, a_spill_keeps_it) {
  push_and_pop(calm_pops + 1);
  push(items[0]);
  push(items[1]);
  push(items[2]);
  item* spilled[2] = {};
  EXPECT_EQ(owner.spill(spilled, 2), 2U);
  EXPECT_EQ(spilled[0], &items[0]);
  EXPECT_EQ(owner.pop(), &items[2]);
  EXPECT_EQ(owner.pop(), nullptr);
  push(items[0]);
  EXPECT_TRUE(steal_finds_bias(&items[0]));
}

TEST(deque_bias_among_threads, each_item_leaves_exactly_once_while_it_goes_to_and_fro) {
  prepare_heavy_fences();
  constexpr std::size_t count = tries(400'000, 30'000);
  for (const unsigned calm_pops : {1U, 2U, 20U}) {
    expect_each_item_once(2, count, 2, 0, calm_pops);
    expect_each_item_once(64, count, 2, ~std::uint64_t{0} - count / 2, calm_pops);
  }
}

}  // namespace
