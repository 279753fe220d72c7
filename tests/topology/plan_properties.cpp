#include "topology/plan_properties.hpp"

#include <filch/topology/worker_count.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>

namespace filch_test {
namespace {

using filch::cpu_set;
using filch::hardware_thread;
using filch::numa_node;
using filch::pinning;
using filch::placement_options;
using filch::placement_plan;
using filch::topology;
using filch::worker_place;

std::map<unsigned, const hardware_thread*> by_os_index(const topology& machine) {
  std::map<unsigned, const hardware_thread*> threads;
  for (const hardware_thread& thread : machine.hardware_threads()) threads[thread.os_index] = &thread;
  return threads;
}

void expect_places_inside_the_machine(const topology& machine, const placement_plan& plan) {
  EXPECT_EQ(plan.spare_cpus, machine.allowed());
  EXPECT_NE(plan.applied, pinning::automatic);
  EXPECT_FALSE(plan.why.empty());
  for (const worker_place& worker : plan.workers) {
    ASSERT_FALSE(worker.cpus.empty());
    ASSERT_TRUE(worker.cpus.is_subset_of(machine.allowed())) << worker.cpus.to_string();
    ASSERT_TRUE(worker.cpus.contains(worker.home)) << worker.home << " in " << worker.cpus.to_string();
    if (plan.applied == pinning::core) {
      ASSERT_EQ(worker.cpus.count(), 1U);
    }
    if (plan.applied == pinning::none) {
      ASSERT_EQ(worker.cpus, machine.allowed());
    }
  }
}

// Every hardware thread gets its first worker before any gets its second, also at the end of an uneven round.
void expect_threads_dealt_evenly(const topology& machine, const placement_plan& plan) {
  const std::size_t threads = machine.hardware_threads().size();
  std::map<unsigned, std::size_t> workers_of;
  for (std::size_t i = 0; i < plan.workers.size(); ++i) {
    ASSERT_EQ(workers_of[plan.workers[i].home]++, i / threads) << "worker " << i;
  }
}

// In each round of the machine: distinct cores first, and among those the faster kinds.
void expect_cores_before_siblings_and_fast_before_slow(const topology& machine, const placement_plan& plan) {
  const auto threads = by_os_index(machine);
  const std::size_t cores = machine.core_count();
  std::set<unsigned> taken;
  for (std::size_t i = 0; i < plan.workers.size(); ++i) {
    const std::size_t round = i % threads.size();
    if (round == 0) taken.clear();
    const worker_place& worker = plan.workers[i];
    ASSERT_EQ(worker.kind, threads.at(worker.home)->kind);
    if (round < cores) {
      ASSERT_TRUE(taken.insert(threads.at(worker.home)->core()).second) << "worker " << i << " is a sibling";
      if (round > 0) {
        ASSERT_GE(worker.kind, plan.workers[i - 1].kind) << "worker " << i << " is faster";
      }
    }
  }
}

bool can_serve(const numa_node& node) { return node.allowed && node.memory_bytes != 0; }

void expect_memory_to_be_local_where_it_can(const topology& machine, const placement_plan& plan) {
  const std::vector<numa_node>& nodes = machine.numa_nodes();
  const bool any_serves = std::any_of(nodes.begin(), nodes.end(), can_serve);
  for (const worker_place& worker : plan.workers) {
    const auto chosen = std::find_if(
        nodes.begin(), nodes.end(), [&](const numa_node& node) { return node.os_index == worker.numa_node; });
    ASSERT_NE(chosen, nodes.end()) << "node " << worker.numa_node << " does not exist";
    if (any_serves) {
      ASSERT_TRUE(can_serve(*chosen)) << "node " << worker.numa_node << " is forbidden or empty";
    }
    const auto local_serves = [&](const numa_node& node) {
      return can_serve(node) && node.local_cpus.contains(worker.home);
    };
    if (std::any_of(nodes.begin(), nodes.end(), local_serves)) {
      ASSERT_TRUE(chosen->local_cpus.contains(worker.home))
          << worker.home << " got node " << worker.numa_node;
    }
  }
}

// For each worker the objects in which all of its processors lie. Two workers have as many of them in common
// as objects lie above the common ancestor, so more in common is nearer.
std::vector<std::vector<std::size_t>> objects_around(const placement_plan& plan,
                                                     const tree_objects& objects) {
  std::map<std::string, std::vector<std::size_t>> known;
  std::vector<std::vector<std::size_t>> around;
  for (const worker_place& worker : plan.workers) {
    const auto [found, is_new] = known.try_emplace(worker.cpus.to_string());
    for (std::size_t i = 0; is_new && i < objects.size(); ++i) {
      if (worker.cpus.is_subset_of(objects[i])) found->second.push_back(i);
    }
    around.push_back(found->second);
  }
  return around;
}

std::size_t count_common(const std::vector<std::size_t>& a, const std::vector<std::size_t>& b) {
  std::size_t common = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    common += a[i] == b[j] ? 1 : 0;
    a[i] < b[j] ? ++i : ++j;
  }
  return common;
}

void expect_victims_by_distance(const placement_plan& plan, const tree_objects& objects) {
  const std::size_t workers = plan.workers.size();
  const auto around = objects_around(plan, objects);
  // All thieves of a small pool, some hundred thousand pairs of a large one.
  const std::size_t stride = std::max<std::size_t>(1, workers * workers / 300'000);
  for (std::size_t thief = 0; thief < workers; thief += stride) {
    const std::vector<std::uint32_t>& victims = plan.workers[thief].victims;
    std::vector<std::uint32_t> everyone = victims;
    everyone.push_back(static_cast<std::uint32_t>(thief));
    std::sort(everyone.begin(), everyone.end());
    std::vector<std::uint32_t> expected(workers);
    std::iota(expected.begin(), expected.end(), 0U);
    ASSERT_EQ(everyone, expected) << "thief " << thief << " misses somebody";
    std::size_t last = objects.size();
    for (const std::uint32_t victim : victims) {
      const std::size_t common = count_common(around[thief], around[victim]);
      ASSERT_LE(common, last) << "thief " << thief << " robs the nearer " << victim << " too late";
      last = common;
    }
  }
}

std::string describe(const topology& machine, const placement_options& options) {
  return std::to_string(options.workers.value_or(0)) + " workers, pinning " + to_string(options.pin) +
         ", on " + machine.allowed().to_string();
}

}  // namespace

tree_objects objects_of(const topology& machine) {
  std::map<std::pair<std::size_t, unsigned>, cpu_set> objects;
  for (const hardware_thread& thread : machine.hardware_threads()) {
    for (std::size_t depth = 0; depth < thread.ancestors.size(); ++depth) {
      objects[{depth, thread.ancestors[depth]}].add(thread.os_index);
    }
  }
  tree_objects sets;
  for (auto& object : objects) sets.push_back(std::move(object.second));
  return sets;
}

void expect_sound_plan(const topology& machine, const tree_objects& objects,
                       const placement_options& options) {
  SCOPED_TRACE(describe(machine, options));
  const placement_plan plan = plan_placement(machine, options);
  ASSERT_EQ(plan.workers.size(),
            options.workers.value_or(static_cast<unsigned>(machine.hardware_threads().size())));
  if (options.pin != pinning::automatic) {
    EXPECT_EQ(plan.applied, options.pin);
  }
  expect_places_inside_the_machine(machine, plan);
  expect_threads_dealt_evenly(machine, plan);
  expect_cores_before_siblings_and_fast_before_slow(machine, plan);
  expect_memory_to_be_local_where_it_can(machine, plan);
  expect_victims_by_distance(plan, objects);
  EXPECT_EQ(plan, plan_placement(machine, options)) << "two calls, two plans";
  EXPECT_EQ(plan, plan_placement(machine.restricted_to(machine.allowed()), options));
}

void expect_sound_plans(const topology& machine, const tree_objects& objects) {
  const auto threads = static_cast<unsigned>(machine.hardware_threads().size());
  expect_sound_plan(machine, objects, {});
  for (const unsigned workers : {1U, std::max(1U, threads / 2), threads, std::min(3 * threads, filch::max_workers)}) {
    for (const pinning pin :
         {pinning::automatic, pinning::none, pinning::numa_node, pinning::cache_group, pinning::core}) {
      // Three times the largest machine has 21 million victims; one pinning shows what all would.
      if (workers > 2000 && pin != pinning::core) continue;
      expect_sound_plan(machine, objects, {.workers = workers, .pin = pin});
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

void expect_sound_restrictions(const topology& machine, const tree_objects& objects) {
  const std::vector<unsigned> cpus(machine.allowed().begin(), machine.allowed().end());
  cpu_set odd;
  cpu_set upper;
  for (std::size_t i = 0; i < cpus.size(); ++i) {
    if (i % 2 == 1 || cpus.size() == 1) odd.add(cpus[i]);
    if (i >= cpus.size() / 2) upper.add(cpus[i]);
  }
  for (const cpu_set& mask : {odd, upper, cpu_set{cpus.back()}}) {
    const topology part = machine.restricted_to(mask);
    EXPECT_EQ(part.allowed(), mask);
    EXPECT_EQ(part, machine.restricted_to(mask | cpu_set{cpu_set::max_index}).restricted_to(mask));
    expect_sound_plan(part, objects, {});
    expect_sound_plan(part, objects, {.workers = static_cast<unsigned>(mask.count() + 1) / 2});
  }
}

}  // namespace filch_test
