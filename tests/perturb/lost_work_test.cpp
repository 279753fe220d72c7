// A pool that works never looks as if it had lost work for long, and one that has is found.
#include "perturb/lost_work.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>

#include "runtime/pool_core.hpp"

namespace {

TEST(lost_work, an_idle_pool_has_lost_nothing) {
  filch::scheduler pool({.workers = 2});
  pool.submit([] {}).get();
  pool.wait_idle();
  EXPECT_FALSE(filch_perturb::looks_lost(pool));
}

/// Takes the bits of parked workers out of the words and counts them as searching, as a wake-up does that never sends a token.
void claim_all_and_tell_nobody(filch::detail::pool_core& core) {
  for (unsigned group = 0; group != core.group_count(); ++group)
    while (core.word(group).call_up(~std::uint64_t{0}) != 0) (void)core.word(group).end_search();
}

TEST(lost_work_death_test, a_pool_whose_wake_up_is_lost_is_reported_with_its_words) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        filch::scheduler pool({.workers = 2, .spin = std::chrono::nanoseconds{0}});
        pool.submit([] {}).get();
        pool.wait_idle();
        filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
        while (!core.is_at_rest()) std::this_thread::yield();
        const filch_perturb::lost_work_watch watch(pool);
        for (;;) {  // once more if a worker was not asleep yet
          claim_all_and_tell_nobody(core);
          core.word(0).park_busy(0);    // looks parked
          core.word(0).add_searcher();  // so that a submitter stays silent
          auto lost = pool.submit([] {});
          (void)core.word(0).end_search();
          (void)lost.wait_for(std::chrono::seconds(5));
        }
      },
      "beside a parked worker");
}

TEST(lost_work, a_pool_that_has_ended_has_nobody_parked) {
  filch::scheduler pool({.workers = 2, .spin = std::chrono::nanoseconds{0}});
  pool.submit([] {}).get();
  EXPECT_FALSE(filch_perturb::is_parked_at_the_end(pool));
  (void)pool.shutdown();
  EXPECT_FALSE(filch_perturb::is_parked_at_the_end(pool));
  filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
  core.word(0).park_busy(0);  // as if it had not heard of the end
  EXPECT_TRUE(filch_perturb::is_parked_at_the_end(pool));
  (void)core.word(0).try_unpark(0);
  (void)core.word(0).end_search();
}

}  // namespace
