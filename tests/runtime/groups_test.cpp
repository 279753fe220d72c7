// Which worker stands in which idle word: properties of the deal, on machines that are not here.
#include "runtime/groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <filch/topology/placement.hpp>
#include <filch/topology/topology.hpp>

namespace {

using filch::detail::group_plan;
using filch::detail::plan_groups;

struct deal {
  std::string machine;
  unsigned workers;
  unsigned spares;
};

class groups_test : public testing::TestWithParam<deal> {
 protected:
  [[nodiscard]] static filch::placement_plan places() {
    return filch::plan_placement(filch::topology::from_synthetic(GetParam().machine), {.workers = GetParam().workers});
  }
  [[nodiscard]] static group_plan groups() { return plan_groups(places(), GetParam().spares); }
  [[nodiscard]] static unsigned members() { return GetParam().workers + GetParam().spares; }
};

INSTANTIATE_TEST_SUITE_P(machines, groups_test,
                         testing::Values(deal{"core:1 pu:1", 1, 0}, deal{"core:1 pu:1", 1, 48}, deal{"core:4 pu:2", 8, 32},
                                         deal{"core:48 pu:1", 48, 0}, deal{"core:48 pu:1", 48, 1},
                                         deal{"core:48 pu:1", 48, 48}, deal{"core:49 pu:1", 49, 47},
                                         deal{"core:8 pu:1", 1'000, 32}, deal{"numa:2 core:24 pu:2", 96, 48},
                                         deal{"numa:4 l3:2 core:8 pu:2", 128, 32}, deal{"numa:4 l3:2 core:8 pu:2", 5, 3},
                                         deal{"numa:16 core:48 pu:2", 1'536, 48}));

TEST_P(groups_test, everybody_has_a_seat_of_its_own) {
  const group_plan plan = groups();
  ASSERT_EQ(plan.seats.size(), members());
  std::set<std::pair<unsigned, unsigned>> taken;
  for (unsigned index = 0; index != members(); ++index) {
    const auto seat = plan.seats[index];
    ASSERT_LT(seat.group, plan.groups.size());
    EXPECT_LT(seat.bit, plan.groups[seat.group].size);
    EXPECT_TRUE(taken.emplace(seat.group, seat.bit).second) << "seat of " << index << " is taken";
    EXPECT_EQ(plan.groups[seat.group].members[seat.bit], index);
  }
}

TEST_P(groups_test, no_group_is_larger_than_a_word_or_empty) {
  std::size_t sum = 0;
  for (const group_plan::group& each : groups().groups) {
    EXPECT_GE(each.size, 1U);
    EXPECT_LE(each.size, 48U);
    EXPECT_EQ(each.members.size(), each.size);
    sum += each.size;
  }
  EXPECT_EQ(sum, members());
}

TEST_P(groups_test, the_bits_of_those_past_a_size_are_theirs) {
  const group_plan plan = groups();
  for (const unsigned size : {1U, GetParam().workers / 2, GetParam().workers, members()}) {
    unsigned beyond = 0;
    for (const group_plan::group& each : plan.groups) {
      beyond += static_cast<unsigned>(std::popcount(each.bits_from(size)));
      EXPECT_EQ(each.members_below(size) + static_cast<unsigned>(std::popcount(each.bits_from(size))), each.size);
      for (unsigned bit = 0; bit != each.size; ++bit)
        EXPECT_EQ((each.bits_from(size) >> bit & 1) != 0, each.members[bit] >= size);
    }
    EXPECT_EQ(beyond, members() - size);
  }
}

TEST_P(groups_test, half_of_those_who_are_there_may_search_and_at_least_one) {
  for (const group_plan::group& each : groups().groups)
    for (unsigned size = 1; size <= GetParam().workers; ++size) {
      const auto there = static_cast<unsigned>(
          std::count_if(each.members.begin(), each.members.end(), [&](unsigned index) { return index < size; }));
      EXPECT_EQ(each.search_limit(size), std::max(1U, there / 2));
    }
}

TEST_P(groups_test, every_group_knows_all_groups_and_itself_first) {
  const group_plan plan = groups();
  for (unsigned g = 0; g != plan.groups.size(); ++g) {
    std::vector<unsigned> nearest = plan.groups[g].nearest;
    ASSERT_EQ(nearest.size(), plan.groups.size());
    EXPECT_EQ(nearest.front(), g);
    std::sort(nearest.begin(), nearest.end());
    std::vector<unsigned> all(plan.groups.size());
    std::iota(all.begin(), all.end(), 0U);
    EXPECT_EQ(nearest, all);
  }
}

TEST_P(groups_test, workers_of_two_nodes_never_share_a_group_and_groups_of_one_node_are_even) {
  const filch::placement_plan where = places();
  const group_plan plan = groups();
  std::vector<std::pair<unsigned, std::size_t>> sizes;  // node, workers
  for (const group_plan::group& each : plan.groups) {
    std::set<unsigned> nodes;
    std::size_t workers = 0;
    for (const unsigned index : each.members)
      if (index < GetParam().workers) {
        nodes.insert(where.workers[index].numa_node);
        ++workers;
      }
    EXPECT_LE(nodes.size(), 1U);
    if (workers != 0) sizes.emplace_back(*nodes.begin(), workers);
  }
  for (const auto& [node, workers] : sizes)
    for (const auto& [other_node, other_workers] : sizes)
      EXPECT_TRUE(node != other_node || std::max(workers, other_workers) - std::min(workers, other_workers) <= 1U);
}

TEST_P(groups_test, groups_of_the_own_node_are_nearer_than_others) {
  const filch::placement_plan where = places();
  const group_plan plan = groups();
  const auto node_of = [&](unsigned group) { return where.workers[plan.groups[group].members.front()].numa_node; };
  const auto has_workers = [&](unsigned group) { return plan.groups[group].members.front() < GetParam().workers; };
  for (unsigned g = 0; g != plan.groups.size(); ++g) {
    if (!has_workers(g)) continue;
    bool left_the_node = false;
    for (const unsigned other : plan.groups[g].nearest) {
      if (!has_workers(other)) continue;
      if (node_of(other) != node_of(g)) left_the_node = true;
      EXPECT_FALSE(left_the_node && node_of(other) == node_of(g)) << "group " << g << " sees " << other << " too late";
    }
  }
}

TEST(spare_groups_test, spares_are_spread_over_the_groups_that_have_room) {
  const auto machine = filch::topology::from_synthetic("numa:4 core:8 pu:1");
  const group_plan plan = plan_groups(filch::plan_placement(machine, {.workers = 32}), 32);
  ASSERT_EQ(plan.groups.size(), 4U);
  for (const group_plan::group& each : plan.groups) EXPECT_EQ(std::popcount(each.bits_from(32)), 8);
}

}  // namespace
