// Machines with kinds of cores and of memory that hwloc reads from files: its synthetic syntax cannot say them.
#include "topology/hwloc.hpp"

#include "topology/description.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using filch::cpu_set;
using filch::detail::described_kind;
using filch::detail::described_node;
using filch::detail::described_thread;
using filch::detail::topology_description;

// The attributes of a node beyond those that all have, and the elements in it.
struct node_text {
  std::string attributes;
  std::string infos;
};

std::string info(const std::string& name, const std::string& value) {
  return "<info name=\"" + name + "\" value=\"" + value + "\"/>";
}

std::string kind(const std::string& cpus, const std::string& infos) {
  return " <cpukind cpuset=\"" + cpus + "\">" + infos + "</cpukind>\n";
}

std::string core_type_and_frequency(const std::string& type, const std::string& frequency) {
  return info("CoreType", type) + info("FrequencyMaxMHz", frequency);
}

std::string sets(const std::string& cpus, const std::string& nodes) {
  return " cpuset=\"" + cpus + "\" complete_cpuset=\"" + cpus + "\" nodeset=\"" + nodes + "\" complete_nodeset=\"" + nodes +
         "\"";
}

// Four cores of one hardware thread each and the nodes around them all. The last thread and node 1 are forbidden.
std::string machine_xml(const std::vector<node_text>& nodes, const std::string& kinds) {
  const char* const bits[] = {"0x1", "0x2", "0x4", "0x8"};
  const char* const lowest_bits[] = {"0x1", "0x3", "0x7", "0xf"};
  const std::string all_nodes = lowest_bits[nodes.size() - 1];
  int next_id = 1;
  const auto object = [&next_id](const std::string& type, std::size_t index, const std::string& attributes) {
    return "<object type=\"" + type + "\" os_index=\"" + std::to_string(index) + "\" gp_index=\"" + std::to_string(next_id++) +
           "\"" + attributes + ">";
  };
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n<topology version=\"2.0\">\n ";
  xml += object("Machine", 0, sets("0xf", all_nodes) + " allowed_cpuset=\"0x7\" allowed_nodeset=\"0xd\"") + "\n";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    xml += object("NUMANode", i, sets("0xf", bits[i]) + " local_memory=\"1073741824\"" + nodes[i].attributes);
    xml += nodes[i].infos + "</object>\n";
  }
  for (std::size_t i = 0; i < 4; ++i) {
    xml += object("Core", i, sets(bits[i], all_nodes)) + object("PU", i, sets(bits[i], all_nodes)) + "</object></object>\n";
  }
  return xml + " </object>\n" + kinds + "</topology>\n";
}

topology_description describe_machine(const std::vector<node_text>& nodes, const std::string& kinds) {
  std::string folder = testing::TempDir() + "hwloc_test_XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder " + folder);
  const fs::path file = fs::path(folder) / "machine.xml";
  std::ofstream(file) << machine_xml(nodes, kinds);
  topology_description description = filch::detail::describe_xml(file);
  fs::remove_all(folder);
  return description;
}

TEST(Hwloc, ForbiddenThreadsAreLeftOutAndForbiddenNodesAreMarked) {
  const topology_description machine = describe_machine({{}, {}, {}}, "");
  std::vector<unsigned> threads;
  for (const described_thread& thread : machine.threads) threads.push_back(thread.os_index);
  EXPECT_EQ(threads, (std::vector<unsigned>{0, 1, 2}));
  ASSERT_EQ(machine.nodes.size(), 3U);
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(machine.nodes[i].os_index, i);
    EXPECT_EQ(machine.nodes[i].allowed, i != 1) << i;
    EXPECT_EQ(machine.nodes[i].local_cpus, (cpu_set{0, 1, 2, 3})) << i;
    EXPECT_EQ(machine.nodes[i].memory_bytes, 1U << 30) << i;
  }
}

TEST(Hwloc, MemoryIsPlainUnlessItsSubtypeOrItsDeviceSaysOtherwise) {
  const auto is_plain = [](const node_text& node) {
    const std::vector<described_node> nodes = describe_machine({{}, node}, "").nodes;
    EXPECT_EQ(nodes.size(), 2U);
    EXPECT_TRUE(nodes.front().plain_memory);
    return nodes.back().plain_memory;
  };
  EXPECT_TRUE(is_plain({" subtype=\"DRAM\"", ""}));
  EXPECT_TRUE(is_plain({" subtype=\"\"", ""}));
  EXPECT_FALSE(is_plain({" subtype=\"MCDRAM\"", ""}));
  EXPECT_FALSE(is_plain({"", info("DAXDevice", "dax0.0")}));
  EXPECT_FALSE(is_plain({" subtype=\"DRAM\"", info("DAXDevice", "dax0.0")}));
}

TEST(Hwloc, KindsOfCoresComeSlowestFirstWithTheirTypeAndFrequency) {
  const std::vector<described_kind> kinds =
      describe_machine({{}}, kind("0xc", core_type_and_frequency("IntelCore", "5200")) +
                                 kind("0x3", core_type_and_frequency("IntelAtom", "3800")))
          .kinds;
  ASSERT_EQ(kinds.size(), 2U);
  EXPECT_EQ(kinds[0].cpus, (cpu_set{0, 1}));
  EXPECT_EQ(kinds[0].core_type, "IntelAtom");
  EXPECT_EQ(kinds[0].speed, 3800);
  EXPECT_EQ(kinds[1].cpus, (cpu_set{2, 3}));
  EXPECT_EQ(kinds[1].core_type, "IntelCore");
  EXPECT_EQ(kinds[1].speed, 5200);
}

TEST(Hwloc, ACapacityGoesBeforeAFrequency) {
  const std::vector<described_kind> kinds =
      describe_machine({{}}, kind("0x3", info("FrequencyMaxMHz", "2000") + info("LinuxCapacity", "400")) +
                                 kind("0xc", info("FrequencyMaxMHz", "3000") + info("LinuxCapacity", "1024")))
          .kinds;
  ASSERT_EQ(kinds.size(), 2U);
  EXPECT_EQ(kinds[0].speed, 400);
  EXPECT_EQ(kinds[1].speed, 1024);
}

TEST(Hwloc, KindsThatCannotBeRankedAreNoKinds) {
  EXPECT_TRUE(describe_machine({{}}, kind("0x3", info("Colour", "red")) + kind("0xc", info("Colour", "blue"))).kinds.empty());
}

}  // namespace
