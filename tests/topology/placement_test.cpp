#include <filch/topology/placement.hpp>
#include <filch/topology/topology.hpp>
#include <filch/topology/worker_count.hpp>

#include "topology/description.hpp"
#include "topology/plan_properties.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using filch::cpu_set;
using filch::pinning;
using filch::placement_plan;
using filch::plan_placement;
using filch::topology;
using filch::worker_place;

std::vector<unsigned> homes(const placement_plan& plan) {
  std::vector<unsigned> list;
  for (const filch::worker_place& worker : plan.workers) list.push_back(worker.home);
  return list;
}

// ---- properties on described machines ----

struct machine {
  const char* name;
  const char* description;
};

// hwloc's synthetic syntax cannot say "a node without processors": the nearest is one that hangs on the whole
// machine. Real ones are below, as a description, and among the recordings.
constexpr machine machines[] = {
    {"OneCore", "core:1 pu:1"},
    {"OneCoreTwoThreads", "core:1 pu:2"},
    {"Desktop", "package:1 l3:1 core:8 pu:2"},
    {"TwoSockets", "package:2 l3:1 core:6 pu:2"},
    {"FourNodesWithThreeCachesEach", "package:2 numa:2 l3:3 core:4 pu:2"},
    {"NodesShareACache", "package:2 l3:1 numa:2 core:3 pu:2"},
    {"FarMemory", "[numa(memory=1GB)] package:2 [numa(memory=4GB)] core:4 pu:2"},
    {"NoCachesNoCores", "pu:12"},
    {"FourThreadsACore", "package:2 core:3 pu:4"},
    {"InterleavedIndices", "package:2 core:4 pu:2(indexes=core:package)"},
    {"ThousandsOfThreads", "package:6 l3:12 core:8 pu:2"},
};

class placement_on : public testing::TestWithParam<machine> {};

TEST_P(placement_on, HoldsAllProperties) {
  const topology described = topology::from_synthetic(GetParam().description);
  filch_test::expect_sound_plans(described, filch_test::objects_of(described));
}

TEST_P(placement_on, HoldsAllPropertiesOnPartsOfIt) {
  const topology described = topology::from_synthetic(GetParam().description);
  filch_test::expect_sound_restrictions(described, filch_test::objects_of(described));
}

INSTANTIATE_TEST_SUITE_P(Machines, placement_on, testing::ValuesIn(machines),
                         [](const auto& instance) { return std::string(instance.param.name); });

// Two packages of two cores, the second without memory of its own, and 64 GB behind no processor at all.
TEST(Placement, HoldsAllPropertiesWithMemoryOnlyNodes) {
  filch::detail::topology_description description;
  for (const unsigned cpu : {0U, 1U, 2U, 3U}) {
    description.threads.push_back({cpu, {100, 200 + cpu / 2, cpu}, 1, {}, {}});
  }
  description.nodes = {{0, {0, 1}, 1ULL << 32, true, true, {100, 200}},
                       {7, {}, 1ULL << 36, true, true, {100}}};
  const topology machine(description);
  filch_test::expect_sound_plans(machine, filch_test::objects_of(machine));
  filch_test::expect_sound_restrictions(machine, filch_test::objects_of(machine));
  EXPECT_EQ(plan_placement(machine).workers[0].numa_node, 0U);
}

// One kind of core has a cache of its own and the other has none.
TEST(Placement, HoldsAllPropertiesWhereChainsDifferInLength) {
  filch::detail::topology_description description;
  description.threads = {{0, {100, 200, 0}, 1, {}, {}},
                         {1, {100, 200, 1}, 1, {}, {}},
                         {2, {100, 201, 300, 2}, 1, 2, {}},
                         {3, {100, 201, 300, 3}, 1, 2, {}}};
  description.nodes = {{0, {0, 1}, 1ULL << 30, true, true, {100, 200}}, {1, {2, 3}, 1ULL << 30, true, true, {100, 201}}};
  const topology machine(description);
  filch_test::expect_sound_plans(machine, filch_test::objects_of(machine));
  filch_test::expect_sound_restrictions(machine, filch_test::objects_of(machine));
}

// ---- the policy, on small machines whose plan can be read off ----

TEST(Placement, TakesCoresBeforeTheirSiblings) {
  const topology desktop = topology::from_synthetic("core:3 pu:2");
  EXPECT_EQ(homes(plan_placement(desktop)), (std::vector<unsigned>{0, 2, 4, 1, 3, 5}));
}

TEST(Placement, PrefersASlowCoreToItselfToHalfOfAFastOne) {
  filch::detail::topology_description description;
  for (const unsigned cpu : {0U, 1U, 2U, 3U}) {  // two slow cores, then one fast one with two threads
    description.threads.push_back({cpu, {100, 200 + std::min(cpu, 2U), cpu}, {}, {}, 1});
  }
  description.kinds = {{{0, 1}, "small", 1000}, {{2, 3}, "big", 2000}};
  description.nodes = {{0, {0, 1, 2, 3}, 1ULL << 30, true, true, {100}}};
  const topology hybrid(description);
  EXPECT_EQ(homes(plan_placement(hybrid)), (std::vector<unsigned>{2, 0, 1, 3}));
  filch_test::expect_sound_plans(hybrid, filch_test::objects_of(hybrid));
}

TEST(Placement, SpreadsASmallPoolOverPackagesAndCaches) {
  const topology server = topology::from_synthetic("package:2 l3:2 core:2 pu:2");
  EXPECT_EQ(homes(plan_placement(server, {.workers = 2})), (std::vector<unsigned>{0, 8}));
  EXPECT_EQ(homes(plan_placement(server, {.workers = 4})), (std::vector<unsigned>{0, 4, 8, 12}));
}

TEST(Placement, AFullPoolIsPinnedToHardwareThreads) {
  const placement_plan plan = plan_placement(topology::from_synthetic("package:2 core:2 pu:2"));
  EXPECT_EQ(plan.applied, pinning::core);
  std::set<unsigned> taken;
  for (const filch::worker_place& worker : plan.workers) {
    EXPECT_EQ(worker.cpus, cpu_set{worker.home});
    EXPECT_TRUE(taken.insert(worker.home).second);
  }
}

TEST(Placement, AHalfPoolIsBoundToCachesSoThatTwoDoNotShareCores) {
  const topology server = topology::from_synthetic("package:2 l3:2 core:4 pu:1");
  const placement_plan plan = plan_placement(server, {.workers = 8});
  EXPECT_EQ(plan.applied, pinning::cache_group);
  std::map<std::string, int> workers_in;
  for (const filch::worker_place& worker : plan.workers) ++workers_in[worker.cpus.to_string()];
  EXPECT_EQ(workers_in, (std::map<std::string, int>{{"0-3", 2}, {"4-7", 2}, {"8-11", 2}, {"12-15", 2}}));
}

TEST(Placement, APoolTooSmallForEveryCacheGetsWholeNodes) {
  const topology server = topology::from_synthetic("numa:2 l3:4 core:4 pu:1");
  const placement_plan plan = plan_placement(server, {.workers = 3});
  EXPECT_EQ(plan.applied, pinning::numa_node);
  EXPECT_EQ(plan.workers[0].cpus.to_string(), "0-15");
  EXPECT_EQ(plan.workers[2].cpus.to_string(), "16-31");
}

TEST(Placement, WhereNodesShareACacheTheNodesAreTheNarrowerGroups) {
  const topology server = topology::from_synthetic("l3:1 numa:2 core:2 pu:1");
  const placement_plan both = plan_placement(server, {.workers = 2});
  EXPECT_EQ(both.applied, pinning::numa_node);
  EXPECT_EQ(both.workers[0].cpus.to_string(), "0-1");
  EXPECT_EQ(both.workers[1].cpus.to_string(), "2-3");
  EXPECT_EQ(plan_placement(server, {.workers = 1}).applied, pinning::cache_group);
}

TEST(Placement, APoolIsNotBoundWhereEveryGroupIsOneCore) {
  const placement_plan plan =
      plan_placement(topology::from_synthetic("numa:4 l3:1 core:1 pu:1"), {.workers = 2});
  EXPECT_EQ(plan.applied, pinning::none);
  EXPECT_EQ(plan.workers[0].cpus.to_string(), "0-3");
}

TEST(Placement, ACrowdedPoolIsNotPinnedUnlessAsked) {
  const topology desktop = topology::from_synthetic("l3:1 core:4 pu:1");
  EXPECT_EQ(plan_placement(desktop, {.workers = 8}).applied, pinning::cache_group);
  EXPECT_EQ(plan_placement(desktop, {.workers = 8, .pin = pinning::core}).applied, pinning::core);
}

TEST(Placement, AWorkerPinnedToACoreCannotWanderBetweenItsSiblings) {
  const placement_plan plan =
      plan_placement(topology::from_synthetic("core:4 pu:2"), {.workers = 4, .pin = pinning::core});
  for (const filch::worker_place& worker : plan.workers) EXPECT_EQ(worker.cpus.count(), 1U);
}

TEST(Placement, APoolThatMayBeSmallerGoesRoundTheNodesAndIsNotPinnedToCores) {
  const auto machine = topology::from_synthetic("numa:2 core:4 pu:2");
  const auto fixed = plan_placement(machine, {.workers = 16});
  const auto plan = plan_placement(machine, {.workers = 16, .may_be_smaller = true});
  EXPECT_EQ(fixed.applied, pinning::core);
  EXPECT_EQ(plan.applied, pinning::cache_group);
  EXPECT_NE(plan.why.find("may be smaller (at most 16 workers on 16"), std::string::npos) << plan.why;
  std::multiset<unsigned> homes;
  std::multiset<unsigned> fixed_homes;
  for (std::size_t i = 0; i != 16; ++i) {
    EXPECT_EQ(plan.workers[i].numa_node, i % 2 == 0 ? plan.workers[0].numa_node : plan.workers[1].numa_node) << i;
    homes.insert(plan.workers[i].home);
    fixed_homes.insert(fixed.workers[i].home);
  }
  EXPECT_NE(plan.workers[0].numa_node, plan.workers[1].numa_node);
  EXPECT_EQ(homes, fixed_homes);
  EXPECT_EQ(plan_placement(machine, {.workers = 16, .pin = pinning::core, .may_be_smaller = true}).applied, pinning::core);
}

TEST(Placement, APoolThatMayBeSmallerGoesOnWithTheNodesThatHaveMore) {
  const topology part = topology::from_synthetic("numa:2 core:4 pu:1").restricted_to({0, 1, 2, 3, 4});
  const placement_plan plan = plan_placement(part, {.workers = 5, .may_be_smaller = true});
  std::vector<unsigned> nodes;
  for (const worker_place& worker : plan.workers) nodes.push_back(worker.numa_node);
  EXPECT_EQ(nodes, (std::vector<unsigned>{0, 1, 0, 0, 0}));
}

TEST(Placement, SparesMayRunWhereverThePoolMay) {
  const topology part = topology::from_synthetic("package:2 core:4 pu:1").restricted_to({1, 2, 6});
  EXPECT_EQ(plan_placement(part).spare_cpus, (cpu_set{1, 2, 6}));
}

TEST(Placement, ChoosesTheMemoryNextToTheCoresNotTheOneBehindTheMachine) {
  const topology server =
      topology::from_synthetic("[numa(memory=64GB)] package:2 [numa(memory=4GB)] core:2 pu:1");
  ASSERT_EQ(server.numa_nodes().size(), 3U);
  const placement_plan plan = plan_placement(server);
  std::set<unsigned> used;
  for (const filch::worker_place& worker : plan.workers) used.insert(worker.numa_node);
  for (const unsigned node : used) EXPECT_EQ(server.numa_nodes()[node].local_cpus.count(), 2U) << node;
  EXPECT_EQ(used.size(), 2U);
}

TEST(Placement, ACountThatNoPoolCanHaveIsAnErrorThatNamesTheRange) {
  const topology one = topology::from_synthetic("core:1 pu:1");
  for (const unsigned bad : {0U, filch::max_workers + 1, ~0U}) {
    try {
      static_cast<void>(plan_placement(one, {.workers = bad}));
      ADD_FAILURE() << bad << " was accepted";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find("1 to 4096"), std::string::npos) << error.what();
    }
  }
}

TEST(Placement, EveryPinningHasAName) {
  EXPECT_STREQ(to_string(pinning::automatic), "automatic");
  EXPECT_STREQ(to_string(pinning::none), "none");
  EXPECT_STREQ(to_string(pinning::numa_node), "numa_node");
  EXPECT_STREQ(to_string(pinning::cache_group), "cache_group");
  EXPECT_STREQ(to_string(pinning::core), "core");
  EXPECT_STREQ(to_string(static_cast<pinning>(99)), "not a pinning");
}

TEST(Placement, EveryMemberOfAPlanCountsWhenTwoAreCompared) {
  const topology server = topology::from_synthetic("package:2 core:2 pu:1");
  const placement_plan plan = plan_placement(server);
  EXPECT_EQ(plan, plan_placement(server));
  EXPECT_NE(plan, plan_placement(server, {.workers = 2}));
  placement_plan other = plan;
  other.workers.pop_back();
  EXPECT_NE(plan, other);
  other = plan;
  other.applied = pinning::none;
  EXPECT_NE(plan, other);
  other = plan;
  other.spare_cpus.remove(0);
  EXPECT_NE(plan, other);
  other = plan;
  other.why += '!';
  EXPECT_NE(plan, other);
}

TEST(Placement, EveryMemberOfAPlaceCountsWhenTwoAreCompared) {
  const worker_place place = plan_placement(topology::from_synthetic("core:2 pu:1")).workers[0];
  worker_place other = place;
  EXPECT_EQ(place, other);
  other.cpus.add(1);
  EXPECT_NE(place, other);
  other = place;
  other.home = 1;
  EXPECT_NE(place, other);
  other = place;
  other.numa_node = 1;
  EXPECT_NE(place, other);
  other = place;
  other.kind = 1;
  EXPECT_NE(place, other);
  other = place;
  other.victims.clear();
  EXPECT_NE(place, other);
}

}  // namespace
