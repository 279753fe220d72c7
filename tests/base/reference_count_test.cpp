// How many hold a task, and who is the last.
#include <filch/detail/base/reference_count.hpp>

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace {

using filch::detail::drop_outcome;
using filch::detail::reference_count;
using filch_tests::stampede;
using filch_tests::tries;

TEST(reference_count, the_last_drop_says_so) {
  reference_count<> count(2);
  EXPECT_EQ(count.drop(), drop_outcome::others_hold);
  EXPECT_EQ(count.drop(), drop_outcome::last);
}

TEST(reference_count, one_that_was_added_must_be_dropped_too) {
  reference_count<> count(1);
  count.add();
  EXPECT_EQ(count.drop(), drop_outcome::others_hold);
  EXPECT_EQ(count.drop(), drop_outcome::last);
}

TEST(reference_count, of_many_holders_exactly_one_is_last_and_sees_what_the_others_did) {
  constexpr unsigned holders = 3;
  constexpr std::size_t rounds = tries(150'000, 15'000);
  struct object {
    reference_count<> count{holders};
    unsigned written[holders]{};  // plain: who is last must see all of them
  };
  std::vector<std::unique_ptr<object>> objects(rounds);
  for (auto& each : objects) each = std::make_unique<object>();
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> last{0};
  stampede(holders, [&](unsigned part) {
    for (auto& each : objects) {
      each->count.add();
      each->written[part] = 1;
      for (int drops = 0; drops != 2; ++drops) {
        if (each->count.drop() == drop_outcome::others_hold) continue;
        last.fetch_add(1);
        unsigned sum = 0;
        for (const unsigned mark : each->written) sum += mark;
        if (sum != holders) wrong.fetch_add(1);
        each.reset();  // nobody else may touch it any more
        break;
      }
    }
  });
  EXPECT_EQ(wrong.load(), 0U);
  EXPECT_EQ(last.load(), rounds);
}

TEST(reference_count_death_test, a_checked_build_ends_when_more_is_dropped_than_was_held) {
  if (!filch::detail::checked_build) GTEST_SKIP() << "this is no checked build";
  reference_count<> count(2);
  (void)count.drop();
  EXPECT_EQ(count.drop(), drop_outcome::last);
  reference_count<> none(0);
  EXPECT_DEATH((void)none.drop(), "dropped once more");
}

}  // namespace
