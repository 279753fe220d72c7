// The word of searching and parked workers: every transition, and the races that one thread must win.
#include <filch/detail/park/idle_word.hpp>

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace {

using filch::detail::search_entry;
using filch::detail::search_exit;
using filch::detail::unpark_outcome;
using filch_tests::budget;
using filch_tests::dice;
using filch_tests::no_more_rounds;
using filch_tests::round_begins;
using filch_tests::stampede;
using filch_tests::tries;
using filch_tests::wait_for;

using word = filch::detail::idle_word<>;

constexpr std::uint64_t bit(unsigned index) { return std::uint64_t{1} << index; }

TEST(idle_word, a_fresh_word_has_nobody_in_it) {
  const word fresh;
  EXPECT_EQ(fresh.parked(), 0U);
  EXPECT_EQ(fresh.searchers(), 0U);
  EXPECT_FALSE(fresh.somebody_searches());
}

TEST(idle_word, no_more_than_the_limit_enter_the_search) {
  word group;
  EXPECT_EQ(group.try_begin_search(0), search_entry::crowded);
  EXPECT_EQ(group.try_begin_search(2), search_entry::searching);
  EXPECT_EQ(group.try_begin_search(2), search_entry::searching);
  EXPECT_EQ(group.try_begin_search(2), search_entry::crowded);
  EXPECT_EQ(group.searchers(), 2U);
  EXPECT_TRUE(group.somebody_searches());
}

TEST(idle_word, the_last_who_leaves_the_search_knows_that) {
  word group;
  ASSERT_EQ(group.try_begin_search(2), search_entry::searching);
  group.add_searcher();
  EXPECT_EQ(group.end_search(), search_exit::others_search);
  EXPECT_EQ(group.end_search(), search_exit::last_searcher);
  EXPECT_EQ(group.searchers(), 0U);
}

TEST(idle_word, a_searcher_parks_and_comes_back_searching) {
  word group;
  for (const unsigned index : {0U, 5U, word::capacity - 1}) {
    ASSERT_EQ(group.try_begin_search(1), search_entry::searching);
    group.park_searcher(index);
    EXPECT_EQ(group.parked(), bit(index));
    EXPECT_EQ(group.searchers(), 0U);
    EXPECT_EQ(group.try_unpark(index), unpark_outcome::searching);
    EXPECT_EQ(group.parked(), 0U);
    EXPECT_EQ(group.searchers(), 1U);
    EXPECT_EQ(group.end_search(), search_exit::last_searcher);
  }
}

TEST(idle_word, a_busy_worker_parks_without_having_searched) {
  word group;
  group.park_busy(7);
  EXPECT_EQ(group.parked(), bit(7));
  EXPECT_EQ(group.searchers(), 0U);
  EXPECT_EQ(group.try_unpark(7), unpark_outcome::searching);
  EXPECT_EQ(group.searchers(), 1U);
}

TEST(idle_word, who_is_not_parked_cannot_unpark) {
  word group;
  EXPECT_EQ(group.try_unpark(0), unpark_outcome::claimed_by_other);
  EXPECT_EQ(group.searchers(), 0U);
  group.park_busy(1);
  EXPECT_EQ(group.try_unpark(0), unpark_outcome::claimed_by_other);
  EXPECT_EQ(group.parked(), bit(1));
}

TEST(idle_word, a_claim_takes_the_lowest_bits_and_counts_them_as_searching) {
  word group;
  for (const unsigned index : {3U, 9U, 20U, 47U}) group.park_busy(index);
  EXPECT_EQ(group.claim(2).workers, bit(3) | bit(9));
  EXPECT_EQ(group.searchers(), 2U);
  EXPECT_EQ(group.parked(), bit(20) | bit(47));
  EXPECT_EQ(group.try_unpark(3), unpark_outcome::claimed_by_other);
}

TEST(idle_word, a_claim_of_more_than_are_parked_takes_all) {
  word group;
  for (unsigned index = 0; index != word::capacity; ++index) group.park_busy(index);
  EXPECT_EQ(group.parked(), word::parked_mask);
  EXPECT_EQ(group.claim(~0U).workers, word::parked_mask);
  EXPECT_EQ(group.searchers(), std::uint64_t{word::capacity});
  EXPECT_EQ(group.parked(), 0U);
}

TEST(idle_word, a_claim_of_nobody_changes_nothing) {
  word group;
  EXPECT_EQ(group.claim(1).workers, 0U);
  group.park_busy(4);
  EXPECT_EQ(group.claim(0).workers, 0U);
  EXPECT_EQ(group.searchers(), 0U);
  EXPECT_EQ(group.parked(), bit(4));
}

TEST(idle_word, a_claim_is_refused_while_somebody_searches) {
  word group;
  group.park_busy(4);
  ASSERT_EQ(group.try_begin_search(1), search_entry::searching);
  EXPECT_EQ(group.claim(1).workers, 0U);
  EXPECT_EQ(group.parked(), bit(4));
  EXPECT_EQ(group.searchers(), 1U);
  ASSERT_EQ(group.end_search(), search_exit::last_searcher);
  EXPECT_EQ(group.claim(1).workers, bit(4));
}

TEST(idle_word, a_claim_of_more_than_are_parked_takes_those_and_no_bit_of_the_count) {
  word group;
  for (const unsigned index : {1U, 3U}) group.park_busy(index);
  EXPECT_EQ(group.claim(word::capacity).workers, bit(1) | bit(3));
  EXPECT_EQ(group.searchers(), 2U);
}

TEST(idle_word, a_call_up_takes_one_bit_also_while_others_search) {
  word group;
  EXPECT_EQ(group.call_up(word::parked_mask), 0U);
  for (const unsigned index : {2U, 3U, 6U}) group.park_busy(index);
  group.add_searcher();
  EXPECT_EQ(group.call_up(bit(3) | bit(6)), bit(3));
  EXPECT_EQ(group.searchers(), 2U);
  EXPECT_EQ(group.parked(), bit(2) | bit(6));
  EXPECT_EQ(group.call_up(bit(3) | bit(50)), 0U) << "nobody of these is parked, and bit 50 is a count";
  EXPECT_EQ(group.searchers(), 2U);
}

TEST(idle_word, random_transitions_agree_with_a_plain_count) {
  word group;
  std::uint64_t parked = 0;
  std::uint64_t searching = 0;
  dice random(3);
  for (std::uint64_t i = 0; i != tries(500'000, 50'000); ++i) {
    const auto index = static_cast<unsigned>(random.roll(word::capacity));
    const bool is_parked = (parked & bit(index)) != 0;
    switch (random.roll(6)) {
      case 0: {
        const bool enters = searching < 5;
        ASSERT_EQ(group.try_begin_search(5), enters ? search_entry::searching : search_entry::crowded);
        searching += enters;
        break;
      }
      case 1:
        if (searching == 0) break;
        ASSERT_EQ(group.end_search(), searching == 1 ? search_exit::last_searcher : search_exit::others_search);
        --searching;
        break;
      case 2:
        if (searching == 0 || is_parked) break;
        group.park_searcher(index);
        --searching;
        parked |= bit(index);
        break;
      case 3:
        if (is_parked) break;
        group.park_busy(index);
        parked |= bit(index);
        break;
      case 4:
        ASSERT_EQ(group.try_unpark(index), is_parked ? unpark_outcome::searching : unpark_outcome::claimed_by_other);
        if (!is_parked) break;
        parked &= ~bit(index);
        ++searching;
        break;
      default: {
        const auto wanted = static_cast<unsigned>(random.roll(4));
        std::uint64_t expected = 0;
        unsigned chosen = 0;
        for (unsigned low = 0; searching == 0 && low != word::capacity && chosen != wanted; ++low) {
          chosen += (parked & bit(low)) != 0 ? 1 : 0;
          expected |= parked & bit(low);
        }
        ASSERT_EQ(group.claim(wanted).workers, expected);
        parked &= ~expected;
        searching += chosen;
      }
    }
    ASSERT_EQ(group.parked(), parked);
    ASSERT_EQ(group.searchers(), searching);
  }
}

// --- threads ---

TEST(idle_word, of_the_worker_itself_and_a_waker_exactly_one_clears_the_bit) {
  constexpr std::uint64_t rounds = tries(60'000, 5'000);
  word group;
  std::atomic<std::uint64_t> parked_round{0};
  std::atomic<std::uint64_t> woken_round{0};
  std::atomic<bool> was_claimed{false};
  std::uint64_t both_or_none = 0;
  const budget time;
  stampede(2, [&](unsigned part) {
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      if (part == 1) {
        if (!round_begins(parked_round, round)) return;
        was_claimed.store(group.claim(1).workers != 0);
        woken_round.store(round);
        continue;
      }
      if (time.spent()) break;
      group.park_busy(11);
      parked_round.store(round);
      const bool unparked_itself = group.try_unpark(11) == unpark_outcome::searching;
      wait_for(woken_round, round);
      both_or_none += unparked_itself == was_claimed.load();
      (void)group.end_search();
    }
    if (part == 0) parked_round.store(no_more_rounds);
  });
  EXPECT_EQ(both_or_none, 0U);
  EXPECT_EQ(group.searchers(), 0U);
}

// Each worker parks, and its bit is cleared by itself or by a waker, who then gives it a token.
TEST(idle_word, a_stampede_of_sleepers_and_wakers_loses_nobody) {
  constexpr unsigned workers = 6;
  constexpr unsigned wakers = 2;
  constexpr std::uint64_t rounds = tries(12'000, 2'000);
  word group;
  std::array<std::atomic<unsigned>, workers> tokens{};
  std::atomic<unsigned> still_running{workers};
  std::atomic<std::uint64_t> owed_or_doubled{0};
  const budget time;
  stampede(workers + wakers, [&](unsigned part) {
    dice random(part);
    if (part >= workers) {
      while (still_running.load() != 0) {
        std::uint64_t claimed = group.claim(static_cast<unsigned>(1 + random.roll(3))).workers;
        if (claimed == 0) std::this_thread::yield();
        for (; claimed != 0; claimed &= claimed - 1)
          tokens[static_cast<unsigned>(std::countr_zero(claimed))].fetch_add(1);
      }
      return;
    }
    for (std::uint64_t round = 0; round != rounds && !time.spent(); ++round) {
      if (group.try_begin_search(workers / 2) == search_entry::searching)
        group.park_searcher(part);
      else
        group.park_busy(part);
      bool cleared_by_itself = false;
      while (!cleared_by_itself && tokens[part].load() == 0) {
        cleared_by_itself = random.roll(3) == 0 && group.try_unpark(part) == unpark_outcome::searching;
        if (!cleared_by_itself) std::this_thread::yield();
      }
      if (!cleared_by_itself && tokens[part].fetch_sub(1) != 1) owed_or_doubled.fetch_add(1);
      (void)group.end_search();
    }
    still_running.fetch_sub(1);
  });
  for (const auto& each : tokens) EXPECT_EQ(each.load(), 0U) << "cleared by itself and claimed as well";
  EXPECT_EQ(owed_or_doubled.load(), 0U);
  EXPECT_EQ(group.parked(), 0U);
  EXPECT_EQ(group.searchers(), 0U);
}

TEST(idle_word_death_test, a_checked_build_ends_when_a_worker_takes_a_step_that_is_not_its_turn) {
  if (!filch::detail::checked_build) GTEST_SKIP() << "this is no checked build";
  word group;
  EXPECT_DEATH((void)group.end_search(), "stopped searching that had not begun");
  EXPECT_DEATH(group.park_searcher(3), "parked that was not searching");
  group.park_busy(3);
  EXPECT_DEATH(group.park_busy(3), "parked that was parked");
  ASSERT_EQ(group.try_begin_search(1), search_entry::searching);
  EXPECT_DEATH(group.park_searcher(3), "parked that was not searching") << "somebody searches, and this one is parked";
}

}  // namespace
