// A condition that does not hold ends a checked build with a sentence, and is not there in others.
#include <filch/detail/base/checked_build.hpp>

#include <gtest/gtest.h>

namespace {

using namespace filch::detail;

TEST(checked_build_test, what_holds_is_passed_over) { confirm(true, "this holds"); }

TEST(checked_build_death_test, what_does_not_hold_ends_the_program_with_a_sentence_and_a_place) {
  if (!checked_build) GTEST_SKIP() << "this is no checked build";
  EXPECT_DEATH(confirm(false, "two and two are five"), "filch: two and two are five \\(.*checked_build_test.cpp:[0-9]+\\)");
}

TEST(checked_build_test, what_does_not_hold_is_passed_over_in_other_builds) {
  if (checked_build) GTEST_SKIP() << "this is a checked build";
  confirm(false, "two and two are five");
}

}  // namespace
