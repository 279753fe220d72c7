#include "topology/local_memory.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using filch::cpu_set;
using filch::detail::described_node;
using filch::detail::described_thread;
using filch::detail::object_id;

// A machine (1) of two packages (2, 3); the thread with OS index 0 lies in package 2.
const described_thread thread{0, {1, 2, 10}, {}, {}, {}};

described_node node(unsigned os_index, const cpu_set& cpus, const std::vector<object_id>& above) {
  return {os_index, cpus, 1 << 20, true, true, above};
}

unsigned choose(const std::vector<described_node>& nodes) { return choose_memory(thread, nodes); }

TEST(LocalMemory, IsTheNodeWhoseProcessorsIncludeTheThread) {
  EXPECT_EQ(choose({node(0, {1}, {1, 3}), node(1, {0}, {1, 2})}), 1U);
}

TEST(LocalMemory, PrefersPlainMemoryAmongNodesWithTheSameProcessors) {
  std::vector<described_node> nodes{node(0, {0}, {1, 2}), node(1, {0}, {1, 2})};
  nodes[0].plain_memory = false;
  EXPECT_EQ(choose(nodes), 1U);
}

TEST(LocalMemory, TakesTheFirstNodeWhereNothingSaysWhatItIsMadeOf) {
  EXPECT_EQ(choose({node(0, {0}, {1, 2}), node(8, {0}, {1, 2})}), 0U);
}

TEST(LocalMemory, SkipsNodesThatAreEmptyOrForbidden) {
  std::vector<described_node> nodes{node(0, {0}, {1, 2}), node(1, {0}, {1, 2}), node(2, {1}, {1, 3})};
  nodes[0].memory_bytes = 0;
  nodes[1].allowed = false;
  EXPECT_EQ(choose(nodes), 2U);
}

TEST(LocalMemory, FallsBackToTheNearestNodeThatMayBeUsed) {
  EXPECT_EQ(choose({node(0, {5}, {1, 3}), node(1, {}, {1, 2})}), 1U);
}

TEST(LocalMemory, UsesSpecialMemoryRatherThanARemoteNode) {
  std::vector<described_node> nodes{node(0, {5}, {1, 3}), node(1, {0}, {1, 2})};
  nodes[1].plain_memory = false;
  EXPECT_EQ(choose(nodes), 1U);
}

TEST(LocalMemory, WithoutAnyNodeThereIsNodeZero) { EXPECT_EQ(choose({}), 0U); }

TEST(NodeDepth, IsWhereTheNodeIsAttachedEvenIfItsMemoryIsForbidden) {
  std::vector<described_node> nodes{node(0, {0}, {1, 2})};
  nodes[0].allowed = false;
  EXPECT_EQ(find_node_depth(thread, nodes), 1U);
}

TEST(NodeDepth, IsTheMachineIfNoNodeIsLocal) {
  EXPECT_EQ(find_node_depth(thread, {node(0, {5}, {1, 3})}), 0U);
  EXPECT_EQ(find_node_depth(thread, {}), 0U);
}

}  // namespace
