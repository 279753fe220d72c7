// Which NUMA node is a hardware thread's own. "The node whose processors include it" is not enough: HBM and
// CXL are further nodes with the same processors, a node may be empty or forbidden, and a cgroup may leave no
// local one at all.
#pragma once

#include "topology/description.hpp"

#include <cstddef>
#include <vector>

namespace filch::inline v0_1::detail {

/// The OS index of the node from which memory for `thread` should come: one that may be used and has memory;
/// local before remote, plain DRAM before other memory, then the nearest. 0 if there are no nodes.
[[nodiscard]] unsigned choose_memory(const described_thread& thread,
                                     const std::vector<described_node>& nodes);

/// Where on the chain of `thread` its NUMA node is attached, whether or not its memory may be used; 0, the
/// machine, if no node is local.
[[nodiscard]] std::size_t find_node_depth(const described_thread& thread,
                                          const std::vector<described_node>& nodes);

}  // namespace filch::inline v0_1::detail
