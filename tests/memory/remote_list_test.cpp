// The way home of a block: a stack of many pushers and one taker, and the race for who deletes what is left.
#include <filch/detail/memory/remote_list.hpp>

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <filch/detail/base/pause.hpp>

namespace {

using filch::detail::orphan_outcome;
using filch::detail::return_outcome;
using filch_tests::budget;
using filch_tests::dice;
using filch_tests::no_more_rounds;
using filch_tests::round_begins;
using filch_tests::stampede;
using filch_tests::tries;
using filch_tests::wait_for;

using list = filch::detail::remote_list<>;

struct numbered_block : list::block {
  std::uint32_t number = 0;
};

constexpr auto nobody_is_told = [] { ADD_FAILURE() << "nobody watches"; };

std::vector<numbered_block> blocks(std::size_t count) {
  std::vector<numbered_block> made(count);
  for (std::size_t i = 0; i != count; ++i) made[i].number = static_cast<std::uint32_t>(i);
  return made;
}

std::size_t length(const list::block* first) {
  std::size_t count = 0;
  for (; first != nullptr; first = first->next) ++count;
  return count;
}

TEST(remote_list, a_fresh_list_is_empty) {
  list fresh;
  EXPECT_FALSE(fresh.has_blocks());
  EXPECT_EQ(fresh.take_all(), nullptr);
}

TEST(remote_list, the_owner_takes_all_at_once_newest_first) {
  list way_home;
  auto given = blocks(3);
  for (auto& each : given) ASSERT_EQ(way_home.push(each, nobody_is_told), return_outcome::returned);
  EXPECT_TRUE(way_home.has_blocks());
  list::block* const first = way_home.take_all();
  ASSERT_EQ(first, &given[2]);
  ASSERT_EQ(first->next, &given[1]);
  ASSERT_EQ(first->next->next, &given[0]);
  ASSERT_EQ(first->next->next->next, nullptr);
  EXPECT_FALSE(way_home.has_blocks());
  EXPECT_EQ(way_home.take_all(), nullptr);
  ASSERT_EQ(way_home.push(given[1], nobody_is_told), return_outcome::returned) << "a block may go out and come home again";
  EXPECT_EQ(length(way_home.take_all()), 1U);
}

TEST(remote_list, closing_returns_what_lay_in_the_list) {
  list way_home;
  auto given = blocks(2);
  for (auto& each : given) ASSERT_EQ(way_home.push(each, nobody_is_told), return_outcome::returned);
  EXPECT_EQ(length(way_home.close()), 2U);
  EXPECT_FALSE(way_home.has_blocks()) << "the mark of a closed list is no block";
  EXPECT_EQ(way_home.orphan(0), orphan_outcome::all_home);
}

TEST(remote_list, an_orphan_is_deleted_by_its_last_block) {
  list way_home;
  auto given = blocks(3);
  EXPECT_EQ(way_home.close(), nullptr);
  EXPECT_EQ(way_home.orphan(3), orphan_outcome::blocks_out);
  EXPECT_EQ(way_home.push(given[0], nobody_is_told), return_outcome::orphaned);
  EXPECT_EQ(way_home.push(given[2], nobody_is_told), return_outcome::orphaned);
  EXPECT_EQ(way_home.push(given[1], nobody_is_told), return_outcome::last_block);
}

TEST(remote_list, blocks_that_come_home_between_the_two_steps_are_counted) {
  list way_home;
  auto given = blocks(3);
  EXPECT_EQ(way_home.close(), nullptr);
  EXPECT_EQ(way_home.push(given[0], nobody_is_told), return_outcome::orphaned);
  EXPECT_EQ(way_home.push(given[1], nobody_is_told), return_outcome::orphaned);
  EXPECT_EQ(way_home.push(given[2], nobody_is_told), return_outcome::orphaned) << "the owner has not given up its share yet";
  EXPECT_EQ(way_home.orphan(3), orphan_outcome::all_home);
}

/// A list that was watched from its beginning, and how often somebody was told.
struct watched_list : testing::Test {
  list way_home;
  std::vector<numbered_block> given = blocks(10);
  std::size_t pushed = 0;
  unsigned told = 0;

  watched_list() { EXPECT_EQ(way_home.take_all_and_watch(), nullptr); }

  void push(std::size_t count) {
    for (const std::size_t until = pushed + count; pushed != until; ++pushed)
      EXPECT_EQ(way_home.push(given[pushed], [&] { ++told; }), return_outcome::returned);
  }
};

TEST_F(watched_list, it_tells_once_and_then_no_more) {
  ASSERT_TRUE(way_home.call_when(3));
  push(2);
  EXPECT_EQ(told, 0U);
  EXPECT_FALSE(way_home.is_due());
  push(1);
  EXPECT_EQ(told, 1U);
  EXPECT_TRUE(way_home.is_due());
  push(4);
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(length(way_home.take_all_and_watch()), 7U);
  EXPECT_FALSE(way_home.is_due());
}

TEST_F(watched_list, what_comes_before_the_number_is_named_counts) {
  push(2);
  ASSERT_TRUE(way_home.call_when(3));
  push(1);
  EXPECT_EQ(told, 1U);
}

TEST_F(watched_list, a_number_that_is_reached_by_then_is_said_at_once) {
  push(3);
  EXPECT_FALSE(way_home.call_when(3));
  EXPECT_TRUE(way_home.is_due());
  push(1);
  EXPECT_EQ(told, 0U);
}

TEST_F(watched_list, taking_all_does_not_end_it) {
  ASSERT_TRUE(way_home.call_when(5));
  push(3);
  EXPECT_EQ(length(way_home.take_all()), 3U);
  EXPECT_FALSE(way_home.has_blocks());
  EXPECT_EQ(way_home.take_all(), nullptr);
  push(2);
  EXPECT_EQ(told, 1U);
}

TEST_F(watched_list, it_may_end_with_blocks_in_it) {
  ASSERT_TRUE(way_home.call_when(3));
  push(2);
  way_home.stop_watching();
  push(2);
  EXPECT_EQ(told, 0U);
  EXPECT_FALSE(way_home.is_due());
  EXPECT_EQ(length(way_home.take_all()), 4U);
}

TEST_F(watched_list, it_may_be_closed) {
  ASSERT_TRUE(way_home.call_when(2));
  push(1);
  EXPECT_EQ(length(way_home.close()), 1U);
  EXPECT_EQ(way_home.orphan(1), orphan_outcome::blocks_out);
  EXPECT_EQ(way_home.push(given[1], nobody_is_told), return_outcome::last_block);
}

TEST(remote_list, one_pusher_and_one_owner_lose_nothing) {
  constexpr std::uint64_t count = tries(500'000, 50'000);
  auto given = blocks(count);
  list way_home;
  std::uint64_t wrong = 0;
  stampede(2, [&](unsigned part) {
    if (part == 0) {
      for (std::uint32_t i = 0; i != count; ++i) {
        given[i].number = i + 7;  // the last use of a block, which its owner must see
        (void)way_home.push(given[i], nobody_is_told);
      }
      return;
    }
    for (std::uint64_t home = 0; home != count;) {
      list::block* next = way_home.take_all();
      if (next == nullptr) std::this_thread::yield();
      while (next != nullptr) {
        auto* const block = static_cast<numbered_block*>(next);
        next = block->next;
        wrong += block->number != static_cast<std::uint32_t>(block - given.data()) + 7;
        ++home;
      }
    }
  });
  EXPECT_EQ(wrong, 0U);
}

TEST(remote_list, a_stampede_of_pushers_brings_every_block_home_once) {
  constexpr unsigned pushers = 4;
  constexpr std::uint32_t each_pushes = tries(200'000, 20'000);
  auto given = blocks(std::size_t{pushers} * each_pushes);
  std::vector<std::uint8_t> seen(given.size());
  list way_home;
  stampede(pushers + 1, [&](unsigned part) {
    if (part != pushers) {
      for (std::uint32_t i = 0; i != each_pushes; ++i) (void)way_home.push(given[part * each_pushes + i], nobody_is_told);
      return;
    }
    for (std::size_t home = 0; home != given.size();) {
      list::block* next = way_home.take_all();
      if (next == nullptr) std::this_thread::yield();
      while (next != nullptr) {
        auto* const block = static_cast<numbered_block*>(next);
        next = block->next;
        ++seen[block->number];
        ++home;
      }
    }
  });
  for (const std::uint8_t count : seen) ASSERT_EQ(count, 1U);
}

// The owner goes while its blocks come home: exactly one of all, the owner or the last block, may delete the list.
TEST(remote_list, when_an_owner_goes_exactly_one_deletes_the_list) {
  constexpr std::uint64_t rounds = tries(40'000, 4'000);
  constexpr unsigned freers = 2;
  constexpr unsigned blocks_each = 3;
  std::unique_ptr<list> way_home;
  std::vector<numbered_block> given;
  std::atomic<std::uint64_t> begun{0};
  std::atomic<unsigned> finished{0};
  std::atomic<unsigned> deleters{0};
  std::uint64_t rounds_without_one_deleter = 0;
  const budget time;
  stampede(freers + 1, [&](unsigned part) {
    dice random(part);
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      if (part != freers) {
        if (!round_begins(begun, round)) return;
        for (unsigned i = 0; i != blocks_each; ++i)
          if (way_home->push(given[part * blocks_each + i], nobody_is_told) == return_outcome::last_block) deleters.fetch_add(1);
        finished.fetch_add(1);
        continue;
      }
      if (time.spent()) break;
      given = blocks(freers * blocks_each);
      way_home = std::make_unique<list>();
      deleters.store(0);
      finished.store(0);
      begun.store(round);
      std::uint64_t out = given.size();
      if (random.roll(2) == 0) out -= length(way_home->take_all());
      for (std::uint64_t turn = random.roll(20); turn != 0; --turn) filch::detail::pause();
      out -= length(way_home->close());
      if (way_home->orphan(out) == orphan_outcome::all_home) deleters.fetch_add(1);
      wait_for(finished, freers);
      rounds_without_one_deleter += deleters.load() != 1;
    }
    if (part == freers) begun.store(no_more_rounds);
  });
  EXPECT_EQ(rounds_without_one_deleter, 0U);
}

}  // namespace
