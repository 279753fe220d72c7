// Machines that are not here, recorded as XML below $FILCH_RECORDED_TOPOLOGIES. The tree against which the
// plans are checked is read from the file by this test, not by filch.
#include <filch/topology/placement.hpp>
#include <filch/topology/topology.hpp>

#include "topology/plan_properties.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using filch::cpu_set;
using filch::topology;

std::vector<fs::path> recordings() {
  std::vector<fs::path> files;
  const char* folder = std::getenv("FILCH_RECORDED_TOPOLOGIES");
  if (folder == nullptr) return files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".xml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string attribute(const std::string& element, const std::string& name) {
  const std::size_t at = element.find(' ' + name + "=\"");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 3;
  return element.substr(begin, element.find('"', begin) - begin);
}

// "0x00000003,0xf0000000": words of 32 bits, the highest first; an empty word is 0.
cpu_set parse_mask(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) c == ',' ? words.emplace_back() : words.back() += c, void();
  cpu_set set;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const unsigned long word = std::strtoul(words[words.size() - 1 - i].c_str(), nullptr, 16);
    for (unsigned bit = 0; bit < 32; ++bit) {
      if ((word >> bit & 1) != 0) set.add(static_cast<unsigned>(i) * 32 + bit);
    }
  }
  return set;
}

struct recording {
  filch_test::tree_objects objects;
  cpu_set allowed;
};

recording read_recording(const fs::path& file) {
  const std::set<std::string> not_in_the_tree{"NUMANode", "MemCache", "Misc", "Bridge", "PCIDev", "OSDev"};
  recording read;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.find("<object ") == std::string::npos) continue;
    const cpu_set cpus = parse_mask(attribute(line, "cpuset"));
    if (cpus.empty() || not_in_the_tree.contains(attribute(line, "type"))) continue;
    if (read.objects.empty()) {
      const std::string allowed = attribute(line, "allowed_cpuset");
      read.allowed = allowed.empty() ? cpus : cpus & parse_mask(allowed);
    }
    // A level that only repeats the one above tells nothing about distance.
    if (read.objects.empty() || read.objects.back() != cpus) read.objects.push_back(cpus);
  }
  return read;
}

class recorded_topologies : public testing::Test {
 protected:
  void SetUp() override {
    if (recordings().empty()) GTEST_SKIP() << "set FILCH_RECORDED_TOPOLOGIES to a folder of hwloc XML files";
  }
};

TEST_F(recorded_topologies, AreReadWithTheProcessorsTheyAllow) {
  for (const fs::path& file : recordings()) {
    SCOPED_TRACE(file.filename().string());
    EXPECT_EQ(topology::from_xml(file).allowed(), read_recording(file).allowed);
  }
}

TEST_F(recorded_topologies, HoldAllProperties) {
  for (const fs::path& file : recordings()) {
    SCOPED_TRACE(file.filename().string());
    filch_test::expect_sound_plans(topology::from_xml(file), read_recording(file).objects);
  }
}

TEST_F(recorded_topologies, HoldAllPropertiesOnPartsOfThem) {
  for (const fs::path& file : recordings()) {
    SCOPED_TRACE(file.filename().string());
    filch_test::expect_sound_restrictions(topology::from_xml(file), read_recording(file).objects);
  }
}

// lstopo can cut a machine down as well: planning on what it writes must give what planning on our own part
// gives.
TEST_F(recorded_topologies, ArePlannedLikeThePartsThatHwlocMakesOfThem) {
  const fs::path part_file = fs::path(testing::TempDir()) / ("part_" + std::to_string(std::rand()) + ".xml");
  for (const fs::path& file : recordings()) {
    SCOPED_TRACE(file.filename().string());
    const topology whole = topology::from_xml(file);
    cpu_set mask;
    std::size_t i = 0;
    for (const unsigned cpu : whole.allowed()) {
      if (i++ % 3 != 1) mask.add(cpu);
    }
    std::string words;
    for (const unsigned cpu : mask) words += " PU:" + std::to_string(cpu);
    const std::string calculate = "hwloc-calc --input '" + file.string() + "' --disallowed -p" + words;
    const std::string command = "lstopo-no-graphics --input '" + file.string() +
                                "' --disallowed --restrict \"$(" + calculate + ")\" --of xml --force '" +
                                part_file.string() + "' 2>/dev/null";
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "lstopo and hwloc-calc are not installed";
    const topology theirs = topology::from_xml(part_file);
    const topology ours = whole.restricted_to(mask);
    EXPECT_EQ(theirs.allowed(), ours.allowed());
    EXPECT_EQ(plan_placement(theirs), plan_placement(ours));
    EXPECT_EQ(plan_placement(theirs, {.workers = 2, .pin = filch::pinning::cache_group}).workers,
              plan_placement(ours, {.workers = 2, .pin = filch::pinning::cache_group}).workers);
  }
  std::error_code ignored;
  fs::remove(part_file, ignored);
}

}  // namespace
