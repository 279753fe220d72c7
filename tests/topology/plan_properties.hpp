// What every plan must satisfy on every machine. Nothing here knows how the planner works, and distances are
// recomputed by brute force from sets of processors.
#pragma once

#include <filch/topology/placement.hpp>
#include <filch/topology/topology.hpp>

#include <vector>

namespace filch_test {

/// The processors of each object of a tree, in any order: machine, packages, caches, cores, hardware threads.
using tree_objects = std::vector<filch::cpu_set>;

/// The objects as the topology itself names them.
[[nodiscard]] tree_objects objects_of(const filch::topology& machine);

/// Checks one plan against all properties, each a test failure that says which worker broke it.
void expect_sound_plan(const filch::topology& machine, const tree_objects& objects,
                       const filch::placement_options& options);

/// Checks plans for 1, half, all, and three times all hardware threads, with every pinning.
void expect_sound_plans(const filch::topology& machine, const tree_objects& objects);

/// The same on parts of the machine, and that restricting in two steps is restricting in one.
void expect_sound_restrictions(const filch::topology& machine, const tree_objects& objects);

}  // namespace filch_test
