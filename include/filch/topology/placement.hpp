// Where each worker of a pool runs, whose memory it uses, and whom it robs first. A pure function of a
// topology and options: no machine is asked, no thread is bound, the same input gives the same plan.
#pragma once

#include <filch/topology/cpu_set.hpp>
#include <filch/topology/topology.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace filch::inline v0_1 {

/// How tightly the workers of a pool are held in place.
enum class pinning {
  /// `core` if there are exactly as many workers as hardware threads. A smaller or larger pool gets the
  /// narrower of `cache_group` and `numa_node` that leaves each worker a choice of core, or `none` where
  /// neither does: so two half-size pools, which are planned alike, do not fight over the same cores.
  automatic,
  none,         ///< anywhere in the allowed set
  numa_node,    ///< on the processors of one NUMA node
  cache_group,  ///< on the processors that share one L3 cache, or the largest cache there is
  /// On one hardware thread. Each core gets its first worker before any gets its second, and a worker does
  /// not wander between the threads of its core. More workers than hardware threads share them evenly.
  core,
};

[[nodiscard]] const char* to_string(pinning level) noexcept;

/// What to plan for. Every field is optional.
struct placement_options {
  /// How many workers; default: one for each hardware thread of the topology. 1 to `max_workers`.
  std::optional<unsigned> workers{};
  /// Default: `automatic`.
  pinning pin = pinning::automatic;
  /// Whether the pool may have fewer, which take the first places. These go round the NUMA nodes then, and `automatic` does not
  /// come to `core`: two small pools, which are planned alike, would fight over the same cores. Default: no.
  bool may_be_smaller = false;
};

/// The place of one worker.
struct worker_place {
  cpu_set cpus;            ///< where it may run: never empty, always inside the topology's allowed set
  unsigned home = 0;       ///< the hardware thread it was dealt, a member of `cpus`
  unsigned numa_node = 0;  ///< OS index of the node its memory should come from: that of `home`
  unsigned kind = 0;       ///< the kind of core of `home`: 0 is the fastest
  /// All other workers, nearest first by the depth of the common ancestor; those that may run on the same
  /// processors are equally near. Among equally near ones thieves begin at different ones, so that they do
  /// not queue at one victim. Quadratic in all: 9 MB for 1,536 workers.
  std::vector<std::uint32_t> victims;

  friend bool operator==(const worker_place&, const worker_place&) = default;
};

/// The places of a whole pool.
struct placement_plan {
  std::vector<worker_place> workers;  ///< fastest kind of core first, second threads of a core last
  pinning applied = pinning::none;    ///< what `automatic` came to; otherwise what was asked for
  cpu_set spare_cpus;  ///< where a spare, who stands in for a blocked worker, may run: all that is allowed
  std::string why;     ///< a sentence for people: what was applied and for what reason

  friend bool operator==(const placement_plan&, const placement_plan&) = default;
};

/// Deals the workers of a pool over a machine.
///
/// Workers take first threads of fast cores, then of slower cores, then second threads and so on. When only
/// some of such a layer are needed they are spread evenly over packages, caches and cores.
///
/// Thread safety: pure. Blocking: none. Throws `std::invalid_argument` if the count is 0 or above
/// `max_workers`. Complexity: quadratic in the workers, for the victims.
///
/// ```
/// const auto machine = filch::topology::from_synthetic("package:2 core:4 pu:2");
/// const auto plan = filch::plan_placement(machine, {.workers = 8});
/// ```
[[nodiscard]] placement_plan plan_placement(const topology& machine, const placement_options& options = {});

}  // namespace filch::inline v0_1
