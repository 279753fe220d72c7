#include "topology/core_kinds.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using filch::cpu_set;
using filch::detail::cluster_kinds;
using kinds = std::vector<filch::detail::described_kind>;

TEST(CoreKinds, NothingKnownGivesNothing) { EXPECT_TRUE(cluster_kinds({}).empty()); }

TEST(CoreKinds, FastestComesFirst) {
  const kinds hybrid{{{4, 5}, "IntelAtom", 3800}, {{0, 1, 2, 3}, "IntelCore", 5200}};
  EXPECT_EQ(cluster_kinds(hybrid), (std::vector<cpu_set>{{0, 1, 2, 3}, {4, 5}}));
}

TEST(CoreKinds, FiveCapacitiesOfTwoDesignsAreTwoKinds) {
  const kinds arm{{{0}, "", 718}, {{1}, "", 731}, {{2}, "", 997}, {{3}, "", 1017}, {{4}, "", 1024}};
  EXPECT_EQ(cluster_kinds(arm), (std::vector<cpu_set>{{2, 3, 4}, {0, 1}}));
}

TEST(CoreKinds, TheFewCoresWithTheHighestTurboAreNoKindOfTheirOwn) {
  const kinds desktop{
      {{8, 9}, "IntelAtom", 3900}, {{0, 1, 2, 3}, "IntelCore", 5000}, {{4, 5}, "IntelCore", 5300}};
  EXPECT_EQ(cluster_kinds(desktop), (std::vector<cpu_set>{{0, 1, 2, 3, 4, 5}, {8, 9}}));
}

TEST(CoreKinds, DesignsOfOneFrequencyStayApart) {
  const kinds same_clock{{{0}, "IntelAtom", 2000}, {{1}, "IntelCore", 2000}};
  EXPECT_EQ(cluster_kinds(same_clock).size(), 2U);
}

TEST(CoreKinds, WithoutSpeedsTheRankingIsKept) {
  const kinds ranked{{{2}, "", 0}, {{1}, "", 0}, {{0}, "", 0}};
  EXPECT_EQ(cluster_kinds(ranked), (std::vector<cpu_set>{{0}, {1}, {2}}));
}

TEST(CoreKinds, AKindWithoutASpeedStaysApartFromOneWithASpeed) {
  EXPECT_EQ(cluster_kinds({{{1}, "", 1000}, {{0}, "", 0}}), (std::vector<cpu_set>{{0}, {1}}));
  EXPECT_EQ(cluster_kinds({{{1}, "", 0}, {{0}, "", 1000}}), (std::vector<cpu_set>{{0}, {1}}));
}

}  // namespace
