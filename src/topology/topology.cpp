// The value: built from a description, cut down to a mask. Both ways end in the same naming and sorting, so
// that a machine cut down here equals the machine that a reader would have found had it been that small.
#include <filch/topology/topology.hpp>

#include "topology/core_kinds.hpp"
#include "topology/description.hpp"
#include "topology/hwloc.hpp"
#include "topology/local_memory.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

namespace filch::inline v0_1 {
namespace {

// Processors that no kind claims are the slowest: they are used, but last.
unsigned kind_of(unsigned cpu, const std::vector<cpu_set>& fastest_first) {
  if (fastest_first.size() < 2) return 0;
  const auto holds = [cpu](const cpu_set& kind) { return kind.contains(cpu); };
  const auto found = std::find_if(fastest_first.begin(), fastest_first.end(), holds);
  return static_cast<unsigned>(
      std::min<std::ptrdiff_t>(found - fastest_first.begin(), std::ssize(fastest_first) - 1));
}

hardware_thread build_thread(const detail::described_thread& described,
                             const std::vector<detail::described_node>& nodes,
                             const std::vector<cpu_set>& kinds,
                             std::map<detail::object_id, unsigned>& names) {
  hardware_thread thread;
  thread.os_index = described.os_index;
  thread.numa_node = detail::choose_memory(described, nodes);
  thread.kind = kind_of(described.os_index, kinds);
  for (const detail::object_id id : described.ancestors) {
    thread.ancestors.push_back(names.try_emplace(id, static_cast<unsigned>(names.size())).first->second);
  }
  thread.package_depth = described.package_depth.value_or(0);
  thread.node_depth = detail::find_node_depth(described, nodes);
  thread.cache_depth = described.cache_depth.value_or(thread.node_depth);
  thread.core_depth = described.core_depth.value_or(thread.ancestors.size() - 1);
  return thread;
}

numa_node build_node(const detail::described_node& described, const cpu_set& usable) {
  return {described.os_index, described.local_cpus & usable, described.memory_bytes, described.allowed};
}

std::size_t count_distinct(const std::vector<hardware_thread>& threads,
                           unsigned (hardware_thread::*name)() const) {
  std::set<unsigned> names;
  for (const hardware_thread& thread : threads) names.insert((thread.*name)());
  return names.size();
}

}  // namespace

std::size_t common_ancestor_depth(const hardware_thread& a, const hardware_thread& b) noexcept {
  const auto split =
      std::mismatch(a.ancestors.begin(), a.ancestors.end(), b.ancestors.begin(), b.ancestors.end());
  const auto shared = static_cast<std::size_t>(split.first - a.ancestors.begin());
  return shared == 0 ? 0 : shared - 1;
}

const topology& topology::detect() {
  static const topology& machine = *new topology(detail::describe_this_machine());
  return machine;
}

topology topology::from_synthetic(std::string_view text) {
  return topology(detail::describe_synthetic(std::string(text)));
}

topology topology::from_xml(const std::filesystem::path& file) {
  return topology(detail::describe_xml(file));
}

topology::topology(detail::topology_description description) {
  if (description.threads.empty()) {
    throw std::invalid_argument("filch: the topology has no processor that may be used; allow at least one");
  }
  std::sort(description.nodes.begin(), description.nodes.end(),
            [](const auto& a, const auto& b) { return a.os_index < b.os_index; });
  const std::vector<cpu_set> kinds = detail::cluster_kinds(description.kinds);
  std::map<detail::object_id, unsigned> names;
  for (const detail::described_thread& thread : description.threads) {
    threads_.push_back(build_thread(thread, description.nodes, kinds, names));
    allowed_.add(thread.os_index);
  }
  for (const detail::described_node& node : description.nodes) nodes_.push_back(build_node(node, allowed_));
  name_ancestors_and_sort();
}

topology topology::restricted_to(const cpu_set& mask) const {
  topology smaller = *this;
  smaller.allowed_ &= mask;
  if (smaller.allowed_.empty()) {
    throw std::invalid_argument("filch: a topology with the processors " + allowed_.to_string() +
                                " cannot be restricted to \"" + mask.to_string() +
                                "\", which leaves none; pass a mask that has at least one of them");
  }
  std::erase_if(smaller.threads_,
                [&](const hardware_thread& thread) { return !mask.contains(thread.os_index); });
  for (numa_node& node : smaller.nodes_) node.local_cpus &= mask;
  smaller.name_ancestors_and_sort();
  return smaller;
}

std::size_t topology::core_count() const { return count_distinct(threads_, &hardware_thread::core); }
std::size_t topology::package_count() const { return count_distinct(threads_, &hardware_thread::package); }

void topology::name_ancestors_and_sort() {
  std::map<std::pair<std::size_t, unsigned>, unsigned> lowest;
  std::map<unsigned, unsigned> kinds;
  for (const hardware_thread& thread : threads_) {
    for (std::size_t depth = 0; depth < thread.ancestors.size(); ++depth) {
      unsigned& name = lowest.try_emplace({depth, thread.ancestors[depth]}, thread.os_index).first->second;
      name = std::min(name, thread.os_index);
    }
    kinds.emplace(thread.kind, 0);
  }
  unsigned next_kind = 0;
  for (auto& kind : kinds) kind.second = next_kind++;
  for (hardware_thread& thread : threads_) {
    for (std::size_t depth = 0; depth < thread.ancestors.size(); ++depth) {
      thread.ancestors[depth] = lowest.at({depth, thread.ancestors[depth]});
    }
    thread.kind = kinds.at(thread.kind);
  }
  std::sort(threads_.begin(), threads_.end(),
            [](const hardware_thread& a, const hardware_thread& b) { return a.ancestors < b.ancestors; });
}

}  // namespace filch::inline v0_1
