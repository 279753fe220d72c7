// What a reader of machines hands over: the tree as it found it, with the forbidden parts that placement must
// know about and without any judgement. The judgements (which memory is local, which kinds of core differ)
// are in `topology`.
#pragma once

#include <filch/topology/cpu_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace filch::inline v0_1::detail {

/// Names an object of the tree within one description.
using object_id = std::uint64_t;

/// A hardware thread that this process may use.
struct described_thread {
  unsigned os_index = 0;
  std::vector<object_id> ancestors;  // the machine first, the thread itself last
  std::optional<std::size_t> package_depth;
  std::optional<std::size_t> cache_depth;
  std::optional<std::size_t> core_depth;
};

struct described_node {
  unsigned os_index = 0;
  cpu_set local_cpus;  // also those that may not be used
  std::uint64_t memory_bytes = 0;
  bool allowed = true;
  bool plain_memory = true;          // not known to be HBM, persistent, on a GPU, ...
  std::vector<object_id> ancestors;  // the machine first, the object that the node is attached to last
};

/// Cores that are alike. `speed` compares only within one description; 0 is unknown.
struct described_kind {
  cpu_set cpus;
  std::string core_type;
  double speed = 0;
};

struct topology_description {
  std::vector<described_thread> threads;
  std::vector<described_node> nodes;
  std::vector<described_kind> kinds;  // slowest first; empty if nothing is known
};

}  // namespace filch::inline v0_1::detail
