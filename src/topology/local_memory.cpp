// Preferences as tuples that are compared from left to right; the first of the largest wins. Nodes come by OS
// index, and the operating system numbers the nodes with processors before those of other memory, so a tie
// goes to DRAM even where nothing says what a node is made of.
#include "topology/local_memory.hpp"

#include <algorithm>
#include <tuple>

namespace filch::inline v0_1::detail {
namespace {

bool is_local(const described_thread& thread, const described_node& node) {
  return node.local_cpus.contains(thread.os_index);
}

std::size_t shared_depth(const described_thread& thread, const described_node& node) {
  const auto split = std::mismatch(thread.ancestors.begin(), thread.ancestors.end(), node.ancestors.begin(),
                                   node.ancestors.end());
  return static_cast<std::size_t>(split.first - thread.ancestors.begin());
}

template <class Preference>
const described_node* choose(const std::vector<described_node>& nodes, Preference preference) {
  const auto less = [&](const described_node& a, const described_node& b) {
    return preference(a) < preference(b);
  };
  const auto best = std::max_element(nodes.begin(), nodes.end(), less);
  return best == nodes.end() ? nullptr : &*best;
}

}  // namespace

unsigned choose_memory(const described_thread& thread, const std::vector<described_node>& nodes) {
  const described_node* node = choose(nodes, [&](const described_node& candidate) {
    const bool local = is_local(thread, candidate);
    const std::size_t nearness = local ? 0 : shared_depth(thread, candidate);
    return std::tuple(candidate.allowed, candidate.memory_bytes != 0, local, candidate.plain_memory,
                      nearness);
  });
  return node == nullptr ? 0 : node->os_index;
}

std::size_t find_node_depth(const described_thread& thread, const std::vector<described_node>& nodes) {
  const described_node* node = choose(nodes, [&](const described_node& candidate) {
    return std::tuple(is_local(thread, candidate), candidate.plain_memory);
  });
  if (node == nullptr || !is_local(thread, *node)) return 0;
  return shared_depth(thread, *node) - 1;
}

}  // namespace filch::inline v0_1::detail
