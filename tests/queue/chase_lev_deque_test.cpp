// The deque: its ends in one thread, against a std::deque as oracle; then owner and thieves, where each item must leave
// exactly once.
#include <filch/detail/queue/chase_lev_deque.hpp>

#include "base/stampede.hpp"
#include "queue/deque_of_items.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using filch::detail::deque_owner;
using filch::detail::deque_ring;
using filch::detail::deque_thief;
using filch::detail::steal_outcome;
using filch_tests::budget;
using filch_tests::deque_of_items;
using filch_tests::dice;
using filch_tests::expect_each_item_once;
using filch_tests::interrupted_atomics;
using filch_tests::item;
using filch_tests::numbered;
using filch_tests::stampede;
using filch_tests::tally;
using filch_tests::tries;

// --- one thread ---

/// Everything holds wherever the indices stand: they wrap at 2^64, and their sign at 2^63.
class chase_lev_deque_from : public testing::TestWithParam<std::uint64_t> {};

INSTANTIATE_TEST_SUITE_P(from, chase_lev_deque_from,
                         testing::Values(std::uint64_t{0}, ~std::uint64_t{0} - 2, ~std::uint64_t{0},
                                         (std::uint64_t{1} << 63) - 3, std::uint64_t{1} << 63),
                         [](const auto& index) { return "first_index_" + std::to_string(index.param); });

TEST_P(chase_lev_deque_from, the_owner_takes_the_newest_item_first) {
  deque_of_items deque(4, GetParam());
  auto items = numbered(3);
  for (item& each : items) ASSERT_TRUE(deque.owner.push(&each));
  EXPECT_EQ(deque.owner.pop(), &items[2]);
  EXPECT_EQ(deque.owner.pop(), &items[1]);
  EXPECT_EQ(deque.owner.pop(), &items[0]);
  EXPECT_EQ(deque.owner.pop(), nullptr);
  EXPECT_EQ(deque.owner.pop(), nullptr);
}

TEST_P(chase_lev_deque_from, a_thief_takes_the_oldest_item_first) {
  deque_of_items deque(4, GetParam());
  auto items = numbered(3);
  for (item& each : items) ASSERT_TRUE(deque.owner.push(&each));
  for (item& each : items) {
    const auto stolen = deque.thief.steal();
    EXPECT_EQ(stolen.outcome, steal_outcome::success);
    EXPECT_EQ(stolen.item, &each);
  }
  EXPECT_EQ(deque.thief.steal().outcome, steal_outcome::empty);
  EXPECT_EQ(deque.owner.pop(), nullptr);
}

TEST_P(chase_lev_deque_from, a_full_deque_refuses_a_push_and_keeps_what_it_has) {
  deque_of_items deque(2, GetParam());
  auto items = numbered(3);
  EXPECT_EQ(deque.owner.capacity(), 2U);
  EXPECT_EQ(deque.owner.room(), 2U);
  ASSERT_TRUE(deque.owner.push(&items[0]));
  ASSERT_TRUE(deque.owner.push(&items[1]));
  EXPECT_EQ(deque.owner.room(), 0U);
  EXPECT_FALSE(deque.owner.push(&items[2]));
  EXPECT_FALSE(deque.owner.push(&items[2]));
  EXPECT_EQ(deque.thief.steal().item, &items[0]);
  EXPECT_EQ(deque.owner.room(), 1U);
  ASSERT_TRUE(deque.owner.push(&items[2]));
  EXPECT_EQ(deque.owner.pop(), &items[2]);
  EXPECT_EQ(deque.owner.pop(), &items[1]);
  EXPECT_EQ(deque.owner.pop(), nullptr);
}

TEST_P(chase_lev_deque_from, a_bulk_push_keeps_the_order_and_fits_whole_or_not_at_all) {
  deque_of_items deque(4, GetParam());
  auto items = numbered(5);
  item* const pointers[] = {&items[0], &items[1], &items[2], &items[3], &items[4]};
  EXPECT_FALSE(deque.owner.push(pointers, 5));
  EXPECT_FALSE(deque.thief.has_work());
  EXPECT_TRUE(deque.owner.push(pointers, 0));
  EXPECT_FALSE(deque.thief.has_work());
  ASSERT_TRUE(deque.owner.push(pointers, 3));
  EXPECT_FALSE(deque.owner.push(pointers + 3, 2));
  EXPECT_EQ(deque.owner.room(), 1U);
  EXPECT_EQ(deque.thief.steal().item, &items[0]);
  ASSERT_TRUE(deque.owner.push(pointers + 3, 2));
  EXPECT_EQ(deque.owner.pop(), &items[4]);
  EXPECT_EQ(deque.thief.steal().item, &items[1]);
  EXPECT_EQ(deque.owner.pop(), &items[3]);
  EXPECT_EQ(deque.owner.pop(), &items[2]);
  EXPECT_EQ(deque.owner.pop(), nullptr);
}

TEST_P(chase_lev_deque_from, a_spill_takes_the_oldest_half_in_order) {
  deque_of_items deque(8, GetParam());
  auto items = numbered(8);
  for (item& each : items) ASSERT_TRUE(deque.owner.push(&each));
  item* spilled[4] = {};
  ASSERT_EQ(deque.owner.spill(spilled, 4), 4U);
  for (std::size_t i = 0; i != 4; ++i) EXPECT_EQ(spilled[i], &items[i]);
  EXPECT_EQ(deque.owner.room(), 4U);
  EXPECT_EQ(deque.thief.steal().item, &items[4]);
  EXPECT_EQ(deque.owner.pop(), &items[7]);
}

TEST_P(chase_lev_deque_from, a_spill_takes_no_more_than_there_is) {
  deque_of_items deque(4, GetParam());
  item* spilled[4] = {};
  EXPECT_EQ(deque.owner.spill(spilled, 2), 0U);
  auto items = numbered(1);
  ASSERT_TRUE(deque.owner.push(&items[0]));
  EXPECT_EQ(deque.owner.spill(spilled, 0), 0U);
  ASSERT_EQ(deque.owner.spill(spilled, 4), 1U);
  EXPECT_EQ(spilled[0], &items[0]);
  EXPECT_EQ(deque.owner.pop(), nullptr);
  EXPECT_EQ(deque.thief.steal().outcome, steal_outcome::empty);
}

TEST_P(chase_lev_deque_from, has_work_is_seen_from_the_first_push_to_the_last_take) {
  deque_of_items deque(2, GetParam());
  auto items = numbered(1);
  EXPECT_FALSE(deque.thief.has_work());
  ASSERT_TRUE(deque.owner.push(&items[0]));
  EXPECT_TRUE(deque.thief.has_work());
  EXPECT_EQ(deque.owner.pop(), &items[0]);
  EXPECT_FALSE(deque.thief.has_work());
  ASSERT_TRUE(deque.owner.push(&items[0]));
  EXPECT_EQ(deque.thief.steal().item, &items[0]);
  EXPECT_FALSE(deque.thief.has_work());
}

TEST_P(chase_lev_deque_from, random_operations_agree_with_a_standard_deque) {
  constexpr std::uint64_t operations = tries(300'000, 30'000);
  auto items = numbered(64);
  for (const std::size_t capacity : {1U, 2U, 4U, 16U}) {
    deque_of_items deque(capacity, GetParam(), static_cast<unsigned>(capacity / 2));  // none, or a bias after one pop or some
    std::deque<item*> oracle;
    dice random(capacity);
    std::vector<item*> buffer(capacity + 2);
    for (std::uint64_t i = 0; i != operations; ++i) {
      ASSERT_EQ(deque.owner.room(), capacity - oracle.size());
      ASSERT_EQ(deque.thief.has_work(), !oracle.empty());
      switch (random.roll(6)) {
        case 0:
        case 1: {
          item* const pushed = &items[random.roll(items.size())];
          const bool fits = oracle.size() < capacity;
          ASSERT_EQ(deque.owner.push(pushed), fits);
          if (fits) oracle.push_back(pushed);
          break;
        }
        case 2: {
          const auto count = static_cast<std::size_t>(random.roll(capacity + 2));
          for (std::size_t k = 0; k != count; ++k) buffer[k] = &items[random.roll(items.size())];
          const bool fits = oracle.size() + count <= capacity;
          ASSERT_EQ(deque.owner.push(buffer.data(), count), fits);
          if (fits) oracle.insert(oracle.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
          break;
        }
        case 3: {
          item* expected = nullptr;
          if (!oracle.empty()) {
            expected = oracle.back();
            oracle.pop_back();
          }
          ASSERT_EQ(deque.owner.pop(), expected);
          break;
        }
        case 4: {
          const auto stolen = deque.thief.steal();
          ASSERT_EQ(stolen.outcome, oracle.empty() ? steal_outcome::empty : steal_outcome::success);
          if (oracle.empty()) break;
          ASSERT_EQ(stolen.item, oracle.front());
          oracle.pop_front();
          break;
        }
        default: {
          const auto wanted = static_cast<std::size_t>(random.roll(capacity + 2));
          const std::size_t taken = deque.owner.spill(buffer.data(), wanted);
          ASSERT_EQ(taken, std::min(wanted, oracle.size()));
          for (std::size_t k = 0; k != taken; ++k) {
            ASSERT_EQ(buffer[k], oracle.front());
            oracle.pop_front();
          }
        }
      }
    }
  }
}

// --- a thief that meets another at a fixed place: what only a race shows otherwise ---

class chase_lev_deque_interrupted : public testing::Test {
 protected:
  chase_lev_deque_interrupted() { rival = &rivals_end; }
  ~chase_lev_deque_interrupted() override {
    interrupted_atomics::reset();
  }

  static void steal_as_rival() { stolen_by_rival = rival->steal().item; }
  static void let_the_rival_steal() { interrupted_atomics::before_exchange = steal_as_rival; }

  std::vector<item> items = numbered(4);
  deque_ring<item, interrupted_atomics>::slot slots[4]{};
  deque_ring<item, interrupted_atomics> ring{slots, 4};
  deque_owner<item, interrupted_atomics> owner{ring};
  deque_thief<item, interrupted_atomics> thief{ring};
  deque_thief<item, interrupted_atomics> rivals_end{ring};
  static inline deque_thief<item, interrupted_atomics>* rival = nullptr;
  static inline item* stolen_by_rival = nullptr;
};

TEST_F(chase_lev_deque_interrupted, a_thief_that_was_beaten_says_lost_and_not_empty) {
  ASSERT_TRUE(owner.push(&items[0]));
  ASSERT_TRUE(owner.push(&items[1]));
  let_the_rival_steal();
  const auto outcome = thief.steal();
  EXPECT_EQ(outcome.outcome, steal_outcome::lost);
  EXPECT_EQ(outcome.item, nullptr);
  EXPECT_EQ(stolen_by_rival, &items[0]);
  EXPECT_EQ(thief.steal().item, &items[1]);
  EXPECT_EQ(thief.steal().outcome, steal_outcome::empty);
}

TEST_F(chase_lev_deque_interrupted, an_owner_that_was_beaten_to_the_last_item_goes_away_empty_handed) {
  ASSERT_TRUE(owner.push(&items[0]));
  interrupted_atomics::before_store = steal_as_rival;
  EXPECT_EQ(owner.pop(), nullptr);
  EXPECT_EQ(stolen_by_rival, &items[0]);
  ASSERT_TRUE(owner.push(&items[1]));
  EXPECT_EQ(owner.pop(), &items[1]);
  EXPECT_EQ(owner.pop(), nullptr);
}

TEST_F(chase_lev_deque_interrupted, a_thief_stays_away_from_the_last_item_once_the_owner_has_lowered_bottom) {
  ASSERT_TRUE(owner.push(&items[0]));
  let_the_rival_steal();
  EXPECT_EQ(owner.pop(), &items[0]);
  EXPECT_EQ(stolen_by_rival, nullptr);
  EXPECT_EQ(owner.pop(), nullptr);
}

TEST_F(chase_lev_deque_interrupted, a_spill_that_was_beaten_takes_nothing) {
  for (item& each : items) ASSERT_TRUE(owner.push(&each));
  let_the_rival_steal();
  item* spilled[2] = {};
  EXPECT_EQ(owner.spill(spilled, 2), 0U);
  EXPECT_EQ(stolen_by_rival, &items[0]);
  ASSERT_EQ(owner.spill(spilled, 2), 2U);
  EXPECT_EQ(spilled[0], &items[1]);
  EXPECT_EQ(spilled[1], &items[2]);
  EXPECT_EQ(owner.pop(), &items[3]);
  EXPECT_EQ(owner.pop(), nullptr);
}

TEST_F(chase_lev_deque_interrupted, a_thief_keeps_the_item_that_it_read_when_the_slot_is_written_again) {
  // The ring has one slot, so that the owner's next push lands where the thief has read.
  deque_ring<item, interrupted_atomics>::slot slot[1]{};
  deque_ring<item, interrupted_atomics> small(slot, 1);
  static deque_owner<item, interrupted_atomics>* late_owner = nullptr;
  static std::vector<item>* late_items = nullptr;
  deque_owner<item, interrupted_atomics> own(small);
  deque_thief<item, interrupted_atomics> slow(small);
  late_owner = &own;
  late_items = &items;
  ASSERT_TRUE(own.push(&items[0]));
  interrupted_atomics::before_exchange = [] {
    (void)late_owner->pop();
    (void)late_owner->push(&(*late_items)[1]);
  };
  const auto outcome = slow.steal();
  EXPECT_EQ(outcome.outcome, steal_outcome::lost) << "the item belongs to the owner, who popped it";
  EXPECT_EQ(slow.steal().item, &items[1]);
}

// --- threads ---

TEST(chase_lev_deque, one_owner_and_one_thief_hand_over_every_item_in_order) {
  constexpr std::uint64_t count = tries(300'000, 50'000);
  auto items = numbered(count);
  deque_of_items deque(64);
  std::uint64_t out_of_order = 0;
  const budget time;
  std::atomic<std::size_t> total{count};
  stampede(2, [&](unsigned part) {
    if (part == 0) {
      std::size_t pushed = 0;
      for (; pushed != count && (pushed % 64 != 0 || !time.spent()); ++pushed)
        while (!deque.owner.push(&items[pushed])) std::this_thread::yield();
      total.store(pushed);
      return;
    }
    for (item expected = 0; expected != total.load();) {
      const auto stolen = deque.thief.steal();
      if (stolen.outcome == steal_outcome::empty) std::this_thread::yield();
      if (stolen.outcome != steal_outcome::success) continue;
      out_of_order += *stolen.item != expected;
      ++expected;
    }
  });
  EXPECT_EQ(out_of_order, 0U);
}

TEST(chase_lev_deque, what_the_owner_wrote_before_a_push_is_visible_to_the_thief) {
  constexpr std::uint64_t count = tries(200'000, 50'000);
  auto items = numbered(count);
  deque_of_items deque(8);
  std::uint64_t not_yet_written = 0;
  const budget time;
  std::atomic<std::size_t> total{count};
  stampede(2, [&](unsigned part) {
    if (part == 0) {
      std::size_t pushed = 0;
      for (; pushed != count && (pushed % 8 != 0 || !time.spent()); ++pushed) {
        items[pushed] += 7;  // a plain write: ThreadSanitizer reports the race if the push does not publish it
        while (!deque.owner.push(&items[pushed])) std::this_thread::yield();
      }
      total.store(pushed);
      return;
    }
    for (item next = 0; next != total.load();) {
      const auto stolen = deque.thief.steal();
      if (stolen.outcome == steal_outcome::empty) std::this_thread::yield();
      if (stolen.outcome != steal_outcome::success) continue;
      not_yet_written += *stolen.item != next + 7;
      ++next;
    }
  });
  EXPECT_EQ(not_yet_written, 0U);
}

TEST(chase_lev_deque, the_last_item_goes_to_the_owner_or_to_one_thief) {
  constexpr std::uint64_t count = tries(3'000'000, 150'000);
  auto items = numbered(count);
  tally taken(count);
  deque_of_items deque(2);
  std::atomic<bool> done{false};
  stampede(3, [&](unsigned part) {
    if (part == 0) {
      for (item& each : items) {
        while (!deque.owner.push(&each)) {}
        if (item* const own = deque.owner.pop(); own != nullptr) taken.count(own);
      }
      done.store(true);
      return;
    }
    while (!done.load())
      if (const auto stolen = deque.thief.steal(); stolen.outcome == steal_outcome::success) taken.count(stolen.item);
  });
  EXPECT_EQ(deque.owner.pop(), nullptr);
  taken.expect_each_once();
}

TEST(chase_lev_deque, each_item_leaves_exactly_once_with_three_thieves_and_capacity_two) {
  expect_each_item_once(2, tries(4'000'000, 200'000), 3, 0);
}

TEST(chase_lev_deque, each_item_leaves_exactly_once_when_the_indices_wrap) {
  constexpr std::size_t count = tries(1'000'000, 60'000);
  expect_each_item_once(2, count, 3, ~std::uint64_t{0} - count / 2);
  expect_each_item_once(2, count, 3, (std::uint64_t{1} << 63) - count / 2);
}

TEST(chase_lev_deque, each_item_leaves_exactly_once_with_one_slot_and_with_many) {
  constexpr std::size_t count = tries(700'000, 50'000);
  expect_each_item_once(1, count, 3, 0);
  expect_each_item_once(256, count, 3, 0);
}

// --- a checked build ---

TEST_P(chase_lev_deque_from, a_checked_build_buries_what_the_owner_takes) {
  if (!filch::detail::checked_build) GTEST_SKIP() << "this is no checked build";
  deque_of_items deque(4, GetParam());
  auto items = numbered(4);
  for (item& each : items) ASSERT_TRUE(deque.owner.push(&each));
  item* spilled[2];
  EXPECT_EQ(deque.owner.spill(spilled, 2), 2U);
  EXPECT_EQ(deque.owner.pop(), &items[3]);
  EXPECT_EQ(deque.owner.pop(), &items[2]);
  for (std::size_t i = 0; i != 4; ++i) EXPECT_EQ(deque.slots[i].load(), filch::detail::buried<item>());
}

TEST(chase_lev_deque_death_test, a_checked_build_ends_when_an_item_is_taken_that_is_buried) {
  if (!filch::detail::checked_build) GTEST_SKIP() << "this is no checked build";
  deque_of_items deque(2);
  item one{};
  EXPECT_DEATH((void)deque.owner.push(nullptr), "never put there");
  ASSERT_TRUE(deque.owner.push(&one));
  deque.slots[0].store(filch::detail::buried<item>());
  EXPECT_DEATH((void)deque.owner.pop(), "taken twice");
  EXPECT_DEATH((void)deque.thief.steal(), "taken twice");
  item* spilled[1];
  EXPECT_DEATH((void)deque.owner.spill(spilled, 1), "taken twice");
}

}  // namespace
