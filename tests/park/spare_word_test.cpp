// The word that keeps the width of a pool: unblocked workers never fall below the target while a spare is left, and
// never below one.
#include <filch/detail/park/spare_word.hpp>

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace {

using filch::detail::block_outcome;
using filch::detail::retire_outcome;
using filch_tests::dice;
using filch_tests::stampede;
using filch_tests::tries;

using word = filch::detail::spare_word<>;

TEST(spare_word, a_fresh_word_has_its_target_unblocked_and_its_spares_dormant) {
  const word spares(4, 3);
  EXPECT_FALSE(spares.excess());
  EXPECT_EQ(spares.dormant_count(), 3U);
  EXPECT_EQ(word(1, 0).dormant_count(), 0U);
  EXPECT_EQ(word(1, word::capacity).dormant_count(), word::capacity);
}

TEST(spare_word, who_blocks_is_replaced_by_the_lowest_dormant_spare) {
  word spares(2, 2);
  const auto first = spares.block();
  EXPECT_EQ(first.outcome, block_outcome::replaced);
  EXPECT_EQ(first.spare, 0U);
  const auto second = spares.block();
  EXPECT_EQ(second.outcome, block_outcome::replaced);
  EXPECT_EQ(second.spare, 1U);
  EXPECT_EQ(spares.dormant_count(), 0U);
  EXPECT_FALSE(spares.excess());
}

TEST(spare_word, without_a_spare_a_worker_leaves_as_long_as_another_stays) {
  word spares(3, 1);
  ASSERT_EQ(spares.block().outcome, block_outcome::replaced);
  EXPECT_EQ(spares.block().outcome, block_outcome::left);
  EXPECT_EQ(spares.block().outcome, block_outcome::left);
  EXPECT_EQ(spares.block().outcome, block_outcome::refused);
  EXPECT_EQ(spares.try_retire(0), retire_outcome::needed) << "below the target no spare goes";
  EXPECT_FALSE(spares.unblock());
  EXPECT_FALSE(spares.unblock());
  EXPECT_EQ(spares.try_retire(0), retire_outcome::needed);
  EXPECT_TRUE(spares.unblock());
  EXPECT_EQ(spares.try_retire(0), retire_outcome::dormant);
}

TEST(spare_word, the_last_unblocked_worker_is_refused_and_nothing_has_changed) {
  word none(1, 0);
  EXPECT_EQ(none.block().outcome, block_outcome::refused);
  EXPECT_EQ(none.block().outcome, block_outcome::refused);
  EXPECT_FALSE(none.excess());
  EXPECT_EQ(none.dormant_count(), 0U);

  word used_up(1, 1);
  ASSERT_EQ(used_up.block().outcome, block_outcome::replaced);
  EXPECT_EQ(used_up.block().outcome, block_outcome::refused);
  EXPECT_EQ(used_up.dormant_count(), 0U);
  // Were the refused one counted as blocked, this unblock would restore the target and not exceed it.
  EXPECT_TRUE(used_up.unblock());
  EXPECT_EQ(used_up.try_retire(0), retire_outcome::dormant);
  EXPECT_EQ(used_up.try_retire(0), retire_outcome::needed);
}

TEST(spare_word, who_blocks_while_one_is_too_many_leaves_without_a_spare) {
  word spares(2, 2);
  ASSERT_EQ(spares.block().outcome, block_outcome::replaced);
  EXPECT_TRUE(spares.unblock());
  EXPECT_TRUE(spares.excess());
  EXPECT_EQ(spares.block().outcome, block_outcome::left);
  EXPECT_FALSE(spares.excess());
  EXPECT_EQ(spares.dormant_count(), 1U);
}

TEST(spare_word, a_spare_retires_only_while_one_is_too_many) {
  word spares(2, 2);
  ASSERT_EQ(spares.block().outcome, block_outcome::replaced);
  EXPECT_EQ(spares.try_retire(0), retire_outcome::needed);
  EXPECT_EQ(spares.dormant_count(), 1U);
  EXPECT_TRUE(spares.unblock());
  EXPECT_EQ(spares.try_retire(0), retire_outcome::dormant);
  EXPECT_EQ(spares.dormant_count(), 2U);
  EXPECT_FALSE(spares.excess());
  const auto again = spares.block();
  EXPECT_EQ(again.outcome, block_outcome::replaced);
  EXPECT_EQ(again.spare, 0U);
}

TEST(spare_word, a_spare_that_could_not_be_started_goes_back_and_the_blocker_stays_counted) {
  word spares(1, 1);
  const auto given = spares.block();
  ASSERT_EQ(given.outcome, block_outcome::replaced);
  spares.return_spare(given.spare);
  EXPECT_EQ(spares.dormant_count(), 1U);
  EXPECT_FALSE(spares.excess());
  EXPECT_EQ(spares.block().outcome, block_outcome::replaced) << "the blocker goes on unblocked and may block again";
  EXPECT_TRUE(spares.unblock());
}

TEST(spare_word, the_target_is_raised_together_with_those_who_join) {
  word spares(2, 1);
  EXPECT_EQ(spares.target(), 2U);
  EXPECT_EQ(spares.raise(4, 2).lacks, std::nullopt);
  EXPECT_EQ(spares.target(), 4U);
  EXPECT_FALSE(spares.excess());
  EXPECT_TRUE(spares.unblock()) << "all four are unblocked";
}

TEST(spare_word, past_a_lower_target_workers_leave_until_the_others_are_as_many) {
  word spares(4, 1);
  EXPECT_EQ(spares.lower(2), 2U);
  EXPECT_EQ(spares.target(), 2U);
  EXPECT_TRUE(spares.excess());
  EXPECT_FALSE(spares.excess_for(1));
  EXPECT_TRUE(spares.excess_for(2));
  EXPECT_EQ(spares.try_leave(1), retire_outcome::needed);
  EXPECT_EQ(spares.try_leave(3), retire_outcome::dormant);
  EXPECT_EQ(spares.try_leave(2), retire_outcome::dormant);
  EXPECT_FALSE(spares.excess_for(2));
  EXPECT_EQ(spares.try_leave(2), retire_outcome::needed);
}

TEST(spare_word, nobody_is_too_many_where_a_lower_target_takes_the_place_of_who_blocks) {
  word spares(3, 0);
  ASSERT_EQ(spares.block().outcome, block_outcome::left);
  EXPECT_EQ(spares.lower(2), 0U);
  EXPECT_FALSE(spares.excess());
  EXPECT_TRUE(spares.unblock());
}

TEST(spare_word, a_raise_tells_how_many_are_too_many_still) {
  word spares(4, 0);
  EXPECT_EQ(spares.lower(1), 3U);
  EXPECT_EQ(spares.raise(3, 0).too_many, 1U);
  EXPECT_EQ(spares.raise(4, 0).too_many, 0U);
}

// Worker 1 of two is one too many and stays, since worker 0 blocks; as a target of two needs it, worker 0 has nobody in its
// place.
TEST(spare_word, a_raise_asks_for_a_spare_where_those_who_join_are_not_enough) {
  word spares(2, 2);
  ASSERT_EQ(spares.block().outcome, block_outcome::replaced);
  EXPECT_EQ(spares.lower(1), 1U);
  ASSERT_EQ(spares.try_retire(0), retire_outcome::dormant);
  ASSERT_EQ(spares.raise(2, 0).lacks, 0U);
  EXPECT_EQ(spares.target(), 1U) << "nothing is counted before it is awake";
  EXPECT_EQ(spares.dormant_count(), 1U);
  EXPECT_EQ(spares.raise(2, 1).lacks, std::nullopt);
  EXPECT_EQ(spares.target(), 2U);
  EXPECT_FALSE(spares.excess());
  EXPECT_TRUE(spares.unblock());
}

TEST(spare_word, a_raise_goes_on_without_a_spare_where_none_is_left) {
  word spares(2, 0);
  ASSERT_EQ(spares.block().outcome, block_outcome::left);
  EXPECT_EQ(spares.lower(1), 0U);
  EXPECT_EQ(spares.raise(2, 0).lacks, std::nullopt);
  EXPECT_FALSE(spares.unblock());
}

TEST(spare_word, a_target_may_be_as_large_as_a_pool_with_all_its_spares) {
  word spares(1, word::capacity);
  EXPECT_EQ(spares.raise(4096, 4095).lacks, std::nullopt);
  EXPECT_EQ(spares.target(), 4096U);
  EXPECT_EQ(spares.dormant_count(), word::capacity);
  for (unsigned i = 0; i != word::capacity; ++i) EXPECT_TRUE(spares.unblock());
  EXPECT_EQ(spares.target(), 4096U);
  EXPECT_EQ(spares.lower(1), 4095U + word::capacity);
  EXPECT_EQ(spares.target(), 1U);
  EXPECT_EQ(spares.dormant_count(), word::capacity);
}

TEST(spare_word, random_transitions_agree_with_a_plain_count) {
  for (const unsigned capacity : {0U, 1U, 5U, word::capacity}) {
    std::uint64_t target = 3;
    word spares(target, capacity);
    std::uint64_t unblocked = target;
    std::uint64_t blocked = 0;
    std::vector<bool> dormant(capacity, true);
    const auto dormant_count = [&] {
      unsigned count = 0;
      for (const bool each : dormant) count += each ? 1 : 0;
      return count;
    };
    dice random(capacity);
    for (std::uint64_t i = 0; i != tries(200'000, 20'000); ++i) {
      switch (random.roll(5)) {
        case 3: {  // a raise, with those who are not counted yet
          const std::uint64_t to = target + random.roll(3);
          const std::uint64_t joining = random.roll(to - target + 1);
          const filch::detail::raise_result done = spares.raise(to, joining);
          ASSERT_EQ(done.lacks.has_value(), dormant_count() != 0 && unblocked + joining < to);
          if (done.lacks) {
            ASSERT_TRUE(dormant[*done.lacks]);
            spares.return_spare(*done.lacks);
          } else {
            target = to;
            unblocked += joining;
            ASSERT_EQ(done.too_many, unblocked > target ? unblocked - target : 0);
          }
          break;
        }
        case 4: {
          const std::uint64_t to = 1 + random.roll(target);
          ASSERT_EQ(spares.lower(to), unblocked > to ? unblocked - to : 0);
          target = to;
          for (const auto index : {target - 1, target}) {
            const bool may = index >= target && unblocked > target;
            ASSERT_EQ(spares.excess_for(static_cast<unsigned>(index)), may);
            ASSERT_EQ(spares.try_leave(static_cast<unsigned>(index)), may ? retire_outcome::dormant : retire_outcome::needed);
            unblocked -= may ? 1 : 0;
          }
          break;
        }
        case 0: {
          const auto result = spares.block();
          if (unblocked > target || (dormant_count() == 0 && unblocked > 1)) {
            ASSERT_EQ(result.outcome, block_outcome::left);
            --unblocked, ++blocked;
          } else if (dormant_count() == 0) {
            ASSERT_EQ(result.outcome, block_outcome::refused);
          } else {
            ASSERT_EQ(result.outcome, block_outcome::replaced);
            ASSERT_TRUE(dormant[result.spare]);
            dormant[result.spare] = false;
            ++blocked;
          }
          break;
        }
        case 1:
          if (blocked == 0) break;
          --blocked, ++unblocked;
          ASSERT_EQ(spares.unblock(), unblocked > target);
          break;
        default: {
          const auto spare = static_cast<unsigned>(random.roll(capacity + 1));
          if (spare == capacity || dormant[spare]) break;
          const bool may = unblocked > target;
          ASSERT_EQ(spares.try_retire(spare), may ? retire_outcome::dormant : retire_outcome::needed);
          if (may) dormant[spare] = true, --unblocked;
        }
      }
      ASSERT_EQ(spares.target(), target);
      ASSERT_EQ(spares.excess(), unblocked > target);
      ASSERT_EQ(spares.dormant_count(), dormant_count());
      ASSERT_GE(unblocked, dormant_count() != 0 ? target : 1);
    }
  }
}

// Workers block and come back, spares wake and retire. `running` is counted outside the word, down after the word and up
// before it, so it is never less than the word's count: below the floor, the word has let one go too many.
void expect_width_is_kept(unsigned target, unsigned spare_count, unsigned workers, unsigned floor) {
  constexpr std::uint64_t rounds = tries(60'000, 5'000);
  word spares(target, spare_count);
  std::atomic<unsigned> running{target};
  std::vector<std::atomic<unsigned>> wakes(spare_count);  // of a spare: given and not yet slept off
  std::atomic<unsigned> workers_left{workers};
  std::atomic<std::uint64_t> below{0};
  std::atomic<std::uint64_t> woken_while_awake{0};
  const auto one_less_runs = [&] {
    if (running.fetch_sub(1) <= floor) below.fetch_add(1);
  };
  stampede(workers + spare_count, [&](unsigned part) {
    if (part >= workers) {
      const unsigned spare = part - workers;
      while (workers_left.load() != 0 || wakes[spare].load() != 0) {
        if (wakes[spare].load() == 0 || spares.try_retire(spare) == retire_outcome::needed) {
          std::this_thread::yield();
          continue;
        }
        one_less_runs();
        wakes[spare].fetch_sub(1);
      }
      return;
    }
    for (std::uint64_t round = 0; round != rounds; ++round) {
      const auto result = spares.block();
      if (result.outcome == block_outcome::refused) {
        std::this_thread::yield();
        continue;
      }
      if (result.outcome == block_outcome::replaced) {
        running.fetch_add(1);  // the spare
        // One wake may still be there, of a spare that has just gone dormant and has not written that down.
        if (wakes[result.spare].fetch_add(1) > 1) woken_while_awake.fetch_add(1);
      }
      one_less_runs();
      running.fetch_add(1);
      (void)spares.unblock();
    }
    workers_left.fetch_sub(1);
  });
  EXPECT_EQ(below.load(), 0U);
  EXPECT_EQ(woken_while_awake.load(), 0U);
  EXPECT_EQ(spares.dormant_count(), spare_count);
  EXPECT_FALSE(spares.excess());
  EXPECT_EQ(running.load(), target);
}

TEST(spare_word, in_a_stampede_the_unblocked_never_fall_below_the_target_while_there_are_spares) {
  expect_width_is_kept(3, 3, 3, 3);
}

TEST(spare_word, in_a_stampede_without_enough_spares_one_worker_always_stays) {
  expect_width_is_kept(3, 1, 3, 1);
  expect_width_is_kept(2, 0, 2, 1);
}

// Two workers and two spares. Three block; the fourth is refused and yet counted as returned, because its wait ended at that
// moment. One comes back for good, and a spare goes by the false count. Taking the count back as a block brings it again.
TEST(spare_word, a_return_that_was_none_is_taken_back_as_a_block) {
  word spares(2, 2);
  EXPECT_EQ(spares.block().outcome, block_outcome::replaced);
  EXPECT_EQ(spares.block().outcome, block_outcome::replaced);
  EXPECT_EQ(spares.block().outcome, block_outcome::left);
  EXPECT_EQ(spares.block().outcome, block_outcome::refused);
  EXPECT_FALSE(spares.unblock());  // of the one that was refused: two are counted, one is there
  EXPECT_TRUE(spares.unblock());   // a real one: three are counted, two are there
  ASSERT_EQ(spares.try_retire(0), retire_outcome::dormant);
  EXPECT_EQ(spares.block().outcome, block_outcome::replaced) << "one is there and a spare is dormant";
  EXPECT_FALSE(spares.excess());
}

TEST(spare_word_death_test, a_checked_build_ends_when_a_spare_is_given_back_twice) {
  if (!filch::detail::checked_build) GTEST_SKIP() << "this is no checked build";
  word spares(1, 1);
  EXPECT_EQ(spares.block().outcome, block_outcome::replaced);
  spares.return_spare(0);
  EXPECT_DEATH(spares.return_spare(0), "given back that was dormant");
}

TEST(spare_word_death_test, a_checked_build_ends_when_somebody_blocks_though_all_have) {
  if (!filch::detail::checked_build) GTEST_SKIP() << "this is no checked build";
  word nobody(0, 1);
  EXPECT_DEATH((void)nobody.block(), "none was unblocked");
}

}  // namespace
