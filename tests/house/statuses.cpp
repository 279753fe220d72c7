// Tests of every outcome, in one shape and in another, for statuses.sh.
#include <gtest/gtest.h>

namespace {

class outcome : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(shapes, outcome, testing::Bool());

TEST_P(outcome, passes) {}
TEST_P(outcome, fails) { FAIL(); }
TEST_P(outcome, is_skipped) { GTEST_SKIP(); }
TEST_P(outcome, fails_or_is_skipped) {
  if (GetParam()) GTEST_SKIP();
  FAIL();
}
TEST_P(outcome, passes_or_is_skipped) {
  if (GetParam()) GTEST_SKIP();
}

}  // namespace
