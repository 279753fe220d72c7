#include <filch/topology/topology.hpp>

#include "topology/description.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

using filch::cpu_set;
using filch::hardware_thread;
using filch::numa_node;
using filch::topology;

// Is a value another one when only `member` of it is?
template <class Value, class Member>
bool is_another_with(Member Value::*member, const std::type_identity_t<Member>& other) {
  Value changed{};
  changed.*member = other;
  return changed != Value{};
}

template <class Make>
std::string error_of(Make make) {
  try {
    static_cast<void>(make());
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(Topology, ThisMachineHasAHardwareThreadAndANodeForIt) {
  const topology& machine = topology::detect();
  ASSERT_FALSE(machine.hardware_threads().empty());
  EXPECT_EQ(machine.allowed().count(), machine.hardware_threads().size());
  EXPECT_GE(machine.hardware_threads().size(), machine.core_count());
  EXPECT_GE(machine.core_count(), machine.package_count());
  EXPECT_FALSE(machine.numa_nodes().empty());
}

TEST(Topology, ManyThreadsThatDetectAtOnceSeeOneObject) {
  std::vector<const topology*> seen(8, nullptr);
  std::vector<std::thread> threads;
  for (const topology*& slot : seen) threads.emplace_back([&slot] { slot = &topology::detect(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(seen.begin(), seen.end(), &topology::detect()), 8);
}

TEST(Topology, ASyntheticMachineHasTheCountsItWasDescribedWith) {
  const topology server = topology::from_synthetic("package:2 l3:3 core:4 pu:2");
  EXPECT_EQ(server.hardware_threads().size(), 48U);
  EXPECT_EQ(server.core_count(), 24U);
  EXPECT_EQ(server.package_count(), 2U);
  EXPECT_EQ(server.allowed().to_string(), "0-47");
}

TEST(Topology, NeighboursHaveTheDeeperCommonAncestor) {
  const topology server = topology::from_synthetic("package:2 l3:2 core:2 pu:2");
  const std::vector<hardware_thread>& threads = server.hardware_threads();
  const auto depth = [&](std::size_t i) { return common_ancestor_depth(threads[0], threads[i]); };
  EXPECT_EQ(depth(0), threads[0].ancestors.size() - 1);
  EXPECT_GT(depth(0), depth(1));
  EXPECT_GT(depth(1), depth(2));
  EXPECT_GT(depth(2), depth(4));
  EXPECT_GT(depth(4), depth(8));
  EXPECT_EQ(depth(8), 0U);
}

TEST(Topology, ThreadsWithoutACommonAncestorMeetAtTheMachine) {
  hardware_thread a;
  hardware_thread b;
  a.ancestors = {0, 1};
  b.ancestors = {2, 3};
  EXPECT_EQ(common_ancestor_depth(a, b), 0U);
}

TEST(Topology, ACacheAboveAnL3IsNotTheOneThatCounts) {
  const topology server = topology::from_synthetic("l4:2 l3:2 core:2 pu:1");
  const std::vector<hardware_thread>& threads = server.hardware_threads();
  ASSERT_EQ(threads.size(), 8U);
  const auto cache = [&](std::size_t i) { return threads[i].ancestors[threads[i].cache_depth]; };
  EXPECT_EQ(cache(0), cache(1));
  EXPECT_NE(cache(0), cache(2));
}

TEST(Topology, NeighboursStandTogetherAlsoWhereIndicesInterleave) {
  const topology server = topology::from_synthetic("package:2 core:2 pu:2(indexes=package:core)");
  const std::vector<hardware_thread>& threads = server.hardware_threads();
  for (std::size_t i = 1; i < threads.size(); ++i) {
    EXPECT_EQ(threads[i].package() == threads[i - 1].package(), i != 4) << i;
    EXPECT_EQ(threads[i].core() == threads[i - 1].core(), i % 2 == 1) << i;
  }
}

TEST(Topology, RestrictingKeepsOnlyTheMaskAndRenamesWhatIsLeft) {
  const topology server = topology::from_synthetic("package:2 core:2 pu:2");
  const topology part = server.restricted_to({3, 6, 7, 99});
  EXPECT_EQ(part.allowed(), (cpu_set{3, 6, 7}));
  EXPECT_EQ(part.core_count(), 2U);
  EXPECT_EQ(part.hardware_threads()[0].package(), 3U);
  EXPECT_EQ(part.hardware_threads()[1].core(), 6U);
  EXPECT_EQ(part.numa_nodes()[0].local_cpus, (cpu_set{3, 6, 7}));
}

TEST(Topology, ARestrictionThatLeavesNothingIsAnErrorThatNamesBothSets) {
  const topology server = topology::from_synthetic("core:4 pu:1");
  const std::string what = error_of([&] { return server.restricted_to({7, 8}); });
  EXPECT_NE(what.find("0-3"), std::string::npos) << what;
  EXPECT_NE(what.find("7-8"), std::string::npos) << what;
  EXPECT_THROW(static_cast<void>(server.restricted_to({})), std::invalid_argument);
}

TEST(Topology, ABadDescriptionIsAnErrorThatShowsAGoodOne) {
  for (const char* bad : {"", "banana", "core:0", "package:2 core", "core:2 pu:x", "pu:2 core:2"}) {
    const std::string what = error_of([&] { return topology::from_synthetic(bad); });
    EXPECT_NE(what.find('"' + std::string(bad) + '"'), std::string::npos) << what;
    EXPECT_NE(what.find("package:2 l3:2 core:4 pu:2"), std::string::npos) << what;
  }
  EXPECT_EQ(topology::from_synthetic(std::string_view("core:2 pu:1garbage", 11)).allowed().count(), 2U);
}

TEST(Topology, AMissingOrUnreadableFileIsAnErrorThatSaysWhatWouldDo) {
  const std::filesystem::path folder = testing::TempDir();
  const std::filesystem::path text = folder / "not_a_topology.xml";
  const std::filesystem::path page = folder / "a_page.xml";
  std::ofstream(text) << "<topology version=\"2.0\"><object type=\"Machine\"";
  std::ofstream(page) << "<html/>";
  for (const std::filesystem::path& bad : {folder / "no such file.xml", folder, text, page}) {
    const std::string what = error_of([&] { return topology::from_xml(bad); });
    EXPECT_NE(what.find(bad.string()), std::string::npos) << what;
    EXPECT_NE(what.find("lstopo --of xml"), std::string::npos) << what;
  }
  std::filesystem::remove(text);
  std::filesystem::remove(page);
}

TEST(Topology, ADescriptionWithoutProcessorsIsRefused) {
  EXPECT_THROW(static_cast<void>(topology(filch::detail::topology_description{})), std::invalid_argument);
}

TEST(Topology, IsEqualToOneThatIsDescribedAlikeOnly) {
  EXPECT_EQ(topology::from_synthetic("pu:2"), topology::from_synthetic("pu:2"));
  EXPECT_NE(topology::from_synthetic("pu:2"), topology::from_synthetic("pu:4"));
  EXPECT_NE(topology::from_synthetic("core:1 pu:2"), topology::from_synthetic("core:2 pu:1"));
  EXPECT_NE(topology::from_synthetic("[numa(memory=1GB)] pu:2"), topology::from_synthetic("[numa(memory=2GB)] pu:2"));
}

TEST(Topology, EveryMemberOfAHardwareThreadCountsWhenTwoAreCompared) {
  EXPECT_TRUE(is_another_with(&hardware_thread::os_index, 1U));
  EXPECT_TRUE(is_another_with(&hardware_thread::numa_node, 1U));
  EXPECT_TRUE(is_another_with(&hardware_thread::kind, 1U));
  EXPECT_TRUE(is_another_with(&hardware_thread::ancestors, {0}));
  EXPECT_TRUE(is_another_with(&hardware_thread::package_depth, 1U));
  EXPECT_TRUE(is_another_with(&hardware_thread::node_depth, 1U));
  EXPECT_TRUE(is_another_with(&hardware_thread::cache_depth, 1U));
  EXPECT_TRUE(is_another_with(&hardware_thread::core_depth, 1U));
}

TEST(Topology, EveryMemberOfANodeCountsWhenTwoAreCompared) {
  EXPECT_TRUE(is_another_with(&numa_node::os_index, 1U));
  EXPECT_TRUE(is_another_with(&numa_node::local_cpus, {0}));
  EXPECT_TRUE(is_another_with(&numa_node::memory_bytes, 1U));
  EXPECT_TRUE(is_another_with(&numa_node::allowed, false));
}

// A kind for all but one processor: what is not listed is used, as the slowest.
TEST(Topology, AProcessorThatNoKindListsIsKeptAsTheSlowest) {
  filch::detail::topology_description description;
  for (const unsigned cpu : {0U, 1U, 2U}) description.threads.push_back({cpu, {100, cpu}, {}, {}, {}});
  description.kinds = {{{1}, "small", 1000}, {{0}, "big", 2000}};
  const topology machine(description);
  EXPECT_EQ(machine.hardware_threads()[0].kind, 0U);
  EXPECT_EQ(machine.hardware_threads()[1].kind, 1U);
  EXPECT_EQ(machine.hardware_threads()[2].kind, 1U);
  EXPECT_EQ(machine.restricted_to({1, 2}).hardware_threads()[0].kind, 0U) << "the fastest that is left";
}

}  // namespace
