// That schedules are disturbed at all, and by the seed.
#include "perturb/schedule.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include <filch/runtime/scheduler.hpp>

namespace {

TEST(schedule, points_disturb_now_and_then) {
  if (filch_perturb::takes_turns()) GTEST_SKIP() << "one thread alone keeps its turn";
  const std::uint64_t before = filch_perturb::disturbances();
  for (int i = 0; i != 10'000; ++i) filch_perturb::point();
  const std::uint64_t happened = filch_perturb::disturbances() - before;
  EXPECT_GT(happened, 10U);
  EXPECT_LT(happened, 5'000U);
}

TEST(schedule, a_pool_passes_points_and_they_are_known_by_their_place) {
  const std::uint64_t before = filch_perturb::disturbances();
  filch::scheduler pool({.workers = 2});
  for (int i = 0; i != 2'000; ++i) pool.submit([] {}).get();
  EXPECT_GT(filch_perturb::disturbances(), before);
  std::ostringstream points;
  filch_perturb::print_last_points(points);
  EXPECT_NE(points.str().find("include/filch/detail/"), std::string::npos) << points.str();
}

TEST(schedule, some_waits_return_for_no_reason) {
  int early = 0;
  for (int i = 0; i != 1'000; ++i) early += filch_perturb::wakes_for_no_reason() ? 1 : 0;
  EXPECT_GT(early, 20);
  EXPECT_LT(early, 500);
}

}  // namespace
