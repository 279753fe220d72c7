// The machine as placement sees it: which hardware threads may be used, what they share, and where their
// memory is. A plain value without a handle into any library, so that a plan can be tested on machines that
// are not here.
#pragma once

#include <filch/topology/cpu_set.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace filch::inline v0_1 {

namespace detail {
struct topology_description;
}

/// One hardware thread, and the chain of objects around it: machine, package, caches, core, itself.
///
/// An object on the chain is named by the lowest OS index of the usable hardware threads in it, so two
/// threads share the object at one position exactly if they have the same name there.
struct hardware_thread {
  unsigned os_index = 0;   ///< the number by which the operating system binds
  unsigned numa_node = 0;  ///< OS index of the node its memory should come from: local DRAM that may be used
  unsigned kind = 0;       ///< 0 is the fastest kind of core that may be used, larger is slower

  std::vector<unsigned> ancestors;  ///< from the machine, at 0, down to the thread itself
  std::size_t package_depth = 0;    ///< position of the package in `ancestors`, or of the machine
  std::size_t node_depth = 0;       ///< of the object that its NUMA node belongs to, or of the machine
  std::size_t cache_depth = 0;      ///< of its L3 cache, else of the largest other cache, else `node_depth`
  std::size_t core_depth = 0;       ///< of the core, or of the thread itself

  [[nodiscard]] unsigned package() const { return ancestors[package_depth]; }
  [[nodiscard]] unsigned core() const { return ancestors[core_depth]; }

  friend bool operator==(const hardware_thread&, const hardware_thread&) = default;
};

/// How far down two hardware threads are under one roof: the position in `ancestors` of the deepest object
/// that holds both. Larger is nearer; 0 is the machine. Complexity: linear in the length of the chain.
[[nodiscard]] std::size_t common_ancestor_depth(const hardware_thread& a, const hardware_thread& b) noexcept;

/// One NUMA node. It may have no processors (CXL, persistent memory), have no memory, or be forbidden.
struct numa_node {
  unsigned os_index = 0;
  cpu_set local_cpus;              ///< the usable hardware threads next to it
  std::uint64_t memory_bytes = 0;  ///< 0 where the source does not say
  bool allowed = true;             ///< may this process allocate there?

  friend bool operator==(const numa_node&, const numa_node&) = default;
};

/// An immutable value: the usable part of a machine.
///
/// Thread safety: any number of threads may read one topology. Blocking: only the three ways of making one.
class topology {
 public:
  /// The machine this process runs on, with all processors its cgroup allows. What `taskset` forbids the
  /// calling thread is still in it: intersect with `current_thread_cpus()` for that.
  ///
  /// The first call looks (some milliseconds, and blocks other first calls); later ones return the same
  /// object, which is never freed. Throws `std::runtime_error` if the machine cannot be read; the next call
  /// tries again.
  [[nodiscard]] static const topology& detect();

  /// A machine described in hwloc's synthetic syntax, e.g. "package:2 l3:2 core:4 pu:2".
  /// Throws `std::invalid_argument` if the text is not of that syntax.
  [[nodiscard]] static topology from_synthetic(std::string_view text);

  /// A machine recorded with `lstopo --of xml`. Throws `std::invalid_argument` if the file is missing or
  /// holds anything else.
  [[nodiscard]] static topology from_xml(const std::filesystem::path& file);

  /// Builds the value from what a reader found; for the readers in `src/topology`.
  explicit topology(detail::topology_description description);

  /// This topology without the processors outside `mask`. Throws `std::invalid_argument` if none would
  /// remain. Complexity: that of sorting the hardware threads.
  [[nodiscard]] topology restricted_to(const cpu_set& mask) const;

  /// The usable hardware threads, neighbours next to each other: those of one core are consecutive, those of
  /// one cache, and so on up the tree. At least one.
  [[nodiscard]] const std::vector<hardware_thread>& hardware_threads() const noexcept { return threads_; }
  /// All nodes in the order of their OS index, the forbidden ones and those without processors included.
  [[nodiscard]] const std::vector<numa_node>& numa_nodes() const noexcept { return nodes_; }
  /// The OS indices of `hardware_threads()`.
  [[nodiscard]] const cpu_set& allowed() const noexcept { return allowed_; }

  [[nodiscard]] std::size_t core_count() const;
  [[nodiscard]] std::size_t package_count() const;

  friend bool operator==(const topology&, const topology&) = default;

 private:
  // Names every ancestor anew after its lowest usable thread and sorts by those names.
  void name_ancestors_and_sort();

  std::vector<hardware_thread> threads_;
  std::vector<numa_node> nodes_;
  cpu_set allowed_;
};

}  // namespace filch::inline v0_1
