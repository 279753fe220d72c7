#include "topology/victims.hpp"

#include <filch/topology/placement.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

namespace {

using filch::pinning;
using filch::placement_plan;
using filch::plan_placement;
using filch::topology;
using victim_list = std::vector<std::uint32_t>;

TEST(Victims, AWorkerAloneHasNone) {
  EXPECT_TRUE(plan_placement(topology::from_synthetic("core:1 pu:1")).workers[0].victims.empty());
}

TEST(Victims, TheSiblingComesFirstThenTheCacheThenThePackage) {
  // Workers 0..3 have the first threads of cores 0..3, workers 4..7 the second ones.
  const placement_plan plan = plan_placement(topology::from_synthetic("package:2 core:2 pu:2"));
  const victim_list& victims = plan.workers[0].victims;
  EXPECT_EQ(victims[0], 4U);
  EXPECT_EQ((std::set<std::uint32_t>(victims.begin() + 1, victims.begin() + 3)),
            (std::set<std::uint32_t>{1, 5}));
}

TEST(Victims, NoTwoThievesBeginAtTheSameEquallyNearVictim) {
  const placement_plan plan = plan_placement(topology::from_synthetic("package:2 core:8 pu:1"));
  std::set<std::uint32_t> first_near;
  std::set<std::uint32_t> first_far;
  for (const filch::worker_place& worker : plan.workers) {
    first_near.insert(worker.victims[0]);
    first_far.insert(worker.victims[7]);
  }
  EXPECT_EQ(first_near.size(), 16U);
  EXPECT_EQ(first_far.size(), 16U);
}

TEST(Victims, ThievesThatOutnumberARingShareItEvenly) {
  const topology uneven =
      topology::from_synthetic("package:2 core:8 pu:1").restricted_to({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const placement_plan plan = plan_placement(uneven, {.pin = pinning::core});
  std::vector<int> begun(10, 0);
  for (std::size_t thief = 0; thief < 8; ++thief) ++begun[plan.workers[thief].victims[7]];
  EXPECT_EQ(begun[8], 4);
  EXPECT_EQ(begun[9], 4);
}

TEST(Victims, WorkersOnOneHardwareThreadAreTheNearest) {
  const placement_plan plan =
      plan_placement(topology::from_synthetic("core:2 pu:1"), {.workers = 6, .pin = pinning::core});
  const victim_list& victims = plan.workers[0].victims;
  EXPECT_EQ((std::set<std::uint32_t>(victims.begin(), victims.begin() + 2)), (std::set<std::uint32_t>{2, 4}));
}

TEST(Victims, WorkersThatRunAnywhereAreAllEquallyNear) {
  const placement_plan plan =
      plan_placement(topology::from_synthetic("package:2 core:4 pu:1"), {.pin = pinning::none});
  EXPECT_EQ(plan.workers[0].victims, (victim_list{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(plan.workers[3].victims, (victim_list{4, 5, 6, 7, 0, 1, 2}));
}

// Hardware thread 1 has no group of its own: it may run anywhere although it sits in package 0.
TEST(Victims, AVictimThatMayRunAnywhereIsAsFarAsTheMachineIsWide) {
  const topology machine = topology::from_synthetic("package:2 core:3 pu:1");
  const auto victims =
      filch::detail::order_victims(machine.hardware_threads(), {0, 1, 2, 3, 4, 5}, {1, 0, 1, 1, 1, 1});
  EXPECT_EQ(victims[0].front(), 2U);
  EXPECT_EQ(victims[2].front(), 0U);
  EXPECT_EQ(victims[1].size(), 5U);
}

}  // namespace
