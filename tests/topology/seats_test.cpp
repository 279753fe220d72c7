// hwloc-distrib as a second opinion: on machines that are the same everywhere, each object must get as many
// workers from us as from `hwloc-distrib --single`.
#include <filch/topology/placement.hpp>

#include "topology/plan_properties.hpp"

#include <gtest/gtest.h>

#include <stdio.h>
#include <stdlib.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

using filch::cpu_set;
using filch::topology;

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string output;
  char buffer[4096];
  for (std::size_t n = 0; pipe && (n = fread(buffer, 1, sizeof buffer, pipe.get())) > 0;)
    output.append(buffer, n);
  return output;
}

// The processors that the tool deals, one a worker; it prints each as a mask in hexadecimal.
std::vector<unsigned> dealt_by_hwloc(const std::string& machine, std::size_t workers) {
  std::istringstream lines(output_of("hwloc-distrib --single --taskset --input-format synthetic --input '" +
                                     machine + "' " + std::to_string(workers) + " 2>/dev/null"));
  std::vector<unsigned> dealt;
  for (std::string mask; lines >> mask;) {
    const std::size_t digit = mask.find_first_of("12345678", 2);
    unsigned cpu = static_cast<unsigned>(4 * (mask.size() - 1 - digit));
    for (int bit = mask[digit] - '0'; bit > 1; bit /= 2) ++cpu;
    dealt.push_back(cpu);
  }
  return dealt;
}

std::size_t count_in(const cpu_set& object, const std::vector<unsigned>& cpus) {
  std::size_t count = 0;
  for (const unsigned cpu : cpus) count += object.contains(cpu) ? 1 : 0;
  return count;
}

class seats_on : public testing::TestWithParam<const char*> {};

TEST_P(seats_on, AreAsManyUnderEachObjectAsHwlocDealsThere) {
  const topology machine = topology::from_synthetic(GetParam());
  const std::size_t threads = machine.hardware_threads().size();
  if (dealt_by_hwloc(GetParam(), 1).empty()) GTEST_SKIP() << "hwloc-distrib is not installed";
  for (std::size_t workers = 1; workers <= 2 * threads; ++workers) {
    const std::vector<unsigned> theirs = dealt_by_hwloc(GetParam(), workers);
    ASSERT_EQ(theirs.size(), workers);
    std::vector<unsigned> ours;
    for (const auto& worker : plan_placement(machine, {.workers = static_cast<unsigned>(workers)}).workers) {
      ours.push_back(worker.home);
    }
    for (const cpu_set& object : filch_test::objects_of(machine)) {
      if (object.count() == 1) continue;  // which thread of a core comes first is each one's own choice
      ASSERT_EQ(count_in(object, ours), count_in(object, theirs)) << workers << " in " << object.to_string();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(SymmetricMachines, seats_on,
                         testing::Values("package:1 core:4 pu:1", "package:2 core:3 pu:2",
                                         "package:2 l3:2 core:3 pu:2", "numa:4 l3:2 core:2 pu:2",
                                         "package:3 core:2 pu:4"));

}  // namespace
