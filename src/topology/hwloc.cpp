// Reads machines through hwloc and binds through it.
//
// A topology is loaded whole, the forbidden parts included: a cgroup may allow the processors of one node and
// the memory of another, and with the forbidden nodes left out nobody could say which memory is near. It is
// never changed after loading, which is what makes it safe to read and to bind with from many threads.
#include "topology/hwloc.hpp"

#include <hwloc.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace filch::inline v0_1::detail {
namespace {

struct destroy {
  void operator()(hwloc_topology_t loaded) const { hwloc_topology_destroy(loaded); }
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using topology_handle = std::unique_ptr<std::remove_pointer_t<hwloc_topology_t>, destroy>;
using bitmap_handle = std::unique_ptr<std::remove_pointer_t<hwloc_bitmap_t>, destroy>;

bitmap_handle new_bitmap() {
  bitmap_handle bitmap(hwloc_bitmap_alloc());
  if (!bitmap) throw std::bad_alloc();
  return bitmap;
}

cpu_set to_cpu_set(hwloc_const_bitmap_t bitmap) {
  cpu_set set;
  for (int i = hwloc_bitmap_first(bitmap); i != -1; i = hwloc_bitmap_next(bitmap, i)) {
    set.add(static_cast<unsigned>(i));
  }
  return set;
}

std::string error_text(int error) { return std::generic_category().message(error); }

// ---- loading ----

topology_handle new_topology(unsigned long more_flags) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0)
    throw std::runtime_error("filch: hwloc cannot start: " + error_text(errno));
  topology_handle fresh(raw);
  const unsigned long flags =
      HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING | more_flags;
  if (hwloc_topology_set_flags(raw, flags) != 0 ||
      hwloc_topology_set_io_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE) != 0 ||
      hwloc_topology_set_type_filter(raw, HWLOC_OBJ_MISC, HWLOC_TYPE_FILTER_KEEP_NONE) != 0) {
    throw std::runtime_error(
        "filch: hwloc refuses the flags it is given; filch needs hwloc 2.5 or a later 2.x");
  }
  return fresh;
}

bool is_memory(hwloc_obj_t object) { return hwloc_obj_type_is_memory(object->type) != 0; }

std::vector<object_id> chain_above(hwloc_obj_t object) {
  std::vector<object_id> chain;
  for (; object != nullptr; object = object->parent) {
    if (!is_memory(object)) chain.push_back(object->gp_index);
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

described_thread describe_thread(hwloc_obj_t pu) {
  described_thread thread;
  thread.os_index = pu->os_index;
  thread.ancestors = chain_above(pu);
  std::size_t depth = thread.ancestors.size() - 1;
  bool found_l3 = false;
  for (hwloc_obj_t object = pu; object != nullptr; object = object->parent, --depth) {
    if (object->type == HWLOC_OBJ_CORE) thread.core_depth = depth;
    if (object->type == HWLOC_OBJ_PACKAGE) thread.package_depth = depth;
    if (hwloc_obj_type_is_cache(object->type) && !found_l3) thread.cache_depth = depth;
    found_l3 = found_l3 || object->type == HWLOC_OBJ_L3CACHE;
  }
  return thread;
}

std::vector<described_thread> describe_threads(hwloc_topology_t loaded) {
  const hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_cpuset(loaded);
  std::vector<described_thread> threads;
  for (hwloc_obj_t pu = nullptr; (pu = hwloc_get_next_obj_by_type(loaded, HWLOC_OBJ_PU, pu)) != nullptr;) {
    if (hwloc_bitmap_isset(allowed, pu->os_index)) threads.push_back(describe_thread(pu));
  }
  return threads;
}

// What is not plain DRAM says so in its subtype (HBM, MCDRAM, NVM, GPUMemory, ...) or in its device.
bool is_plain_memory(hwloc_obj_t node) {
  if (hwloc_obj_get_info_by_name(node, "DAXDevice") != nullptr) return false;
  return node->subtype == nullptr || *node->subtype == '\0' || std::string_view(node->subtype) == "DRAM";
}

std::vector<described_node> describe_nodes(hwloc_topology_t loaded) {
  const hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_nodeset(loaded);
  std::vector<described_node> nodes;
  for (hwloc_obj_t node = nullptr;
       (node = hwloc_get_next_obj_by_type(loaded, HWLOC_OBJ_NUMANODE, node)) != nullptr;) {
    described_node described;
    described.os_index = node->os_index;
    described.local_cpus = to_cpu_set(node->cpuset);
    described.memory_bytes = node->attr->numanode.local_memory;
    described.allowed = hwloc_bitmap_isset(allowed, node->os_index) != 0;
    described.plain_memory = is_plain_memory(node);
    described.ancestors = chain_above(node);
    nodes.push_back(std::move(described));
  }
  return nodes;
}

double number_of(const char* text) { return text == nullptr ? 0 : std::strtod(text, nullptr); }

// The scheduler's capacity where Linux gives one, else the frequency. hwloc ranks the kinds, slowest first.
std::vector<described_kind> describe_kinds(hwloc_topology_t loaded) {
  std::vector<described_kind> kinds;
  const int count = std::max(0, hwloc_cpukinds_get_nr(loaded, 0));
  for (int i = 0; i < count; ++i) {
    const bitmap_handle cpus = new_bitmap();
    int efficiency = -1;
    unsigned info_count = 0;
    struct hwloc_info_s* infos = nullptr;
    if (hwloc_cpukinds_get_info(loaded, static_cast<unsigned>(i), cpus.get(), &efficiency, &info_count,
                                &infos, 0) != 0 ||
        efficiency < 0) {
      return {};  // unranked kinds say only that cores differ, not which to prefer
    }
    described_kind kind{to_cpu_set(cpus.get()), {}, 0};
    double capacity = 0;
    for (unsigned j = 0; j < info_count; ++j) {
      const std::string_view name = infos[j].name;
      if (name == "CoreType") kind.core_type = infos[j].value;
      if (name == "FrequencyMaxMHz") kind.speed = number_of(infos[j].value);
      if (name == "LinuxCapacity") capacity = number_of(infos[j].value);
    }
    if (capacity > 0) kind.speed = capacity;
    kinds.push_back(std::move(kind));
  }
  return kinds;
}

topology_description describe(hwloc_topology_t loaded) {
  return {describe_threads(loaded), describe_nodes(loaded), describe_kinds(loaded)};
}

// ---- this machine ----

struct machine {
  hwloc_topology_t loaded;
  topology_description description;
};

machine load_this_machine() {
  topology_handle fresh = new_topology(HWLOC_TOPOLOGY_FLAG_THISSYSTEM_ALLOWED_RESOURCES);
  if (hwloc_topology_load(fresh.get()) != 0) {
    throw std::runtime_error("filch: hwloc cannot read this machine: " + error_text(errno));
  }
  topology_description description = describe(fresh.get());
  return {fresh.release(), std::move(description)};
}

// Leaked on purpose: workers that outlive main may still bind with it.
const machine& this_machine() {
  static const machine& loaded = *new machine(load_this_machine());
  return loaded;
}

// On a topology that came from elsewhere (HWLOC_XMLFILE and the like) hwloc reports success and does nothing.
bool can_bind(hwloc_topology_t loaded) { return hwloc_topology_is_thissystem(loaded) != 0; }

}  // namespace

const topology_description& describe_this_machine() { return this_machine().description; }

topology_description describe_synthetic(const std::string& text) {
  const topology_handle fresh = new_topology(0);
  if (text.empty() || hwloc_topology_set_synthetic(fresh.get(), text.c_str()) != 0 ||
      hwloc_topology_load(fresh.get()) != 0) {
    throw std::invalid_argument(
        "filch: \"" + text +
        "\" is not a synthetic topology; write levels from the machine down to the hardware "
        "threads as type:count, for example \"package:2 l3:2 core:4 pu:2\"");
  }
  return describe(fresh.get());
}

topology_description describe_xml(const std::filesystem::path& file) {
  const std::string remedy = "; pass a file that `lstopo --of xml` of hwloc 2.x has written";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    throw std::invalid_argument("filch: there is no file \"" + file.string() + "\" to read a topology from" +
                                remedy);
  }
  if (std::filesystem::is_directory(file, ignored)) {
    throw std::invalid_argument("filch: \"" + file.string() + "\" is a directory, not a topology" + remedy);
  }
  const topology_handle fresh = new_topology(0);
  if (hwloc_topology_set_xml(fresh.get(), file.c_str()) != 0 || hwloc_topology_load(fresh.get()) != 0) {
    throw std::invalid_argument("filch: \"" + file.string() + "\" cannot be read as a topology" + remedy);
  }
  return describe(fresh.get());
}

std::optional<cpu_set> read_thread_binding() {
  hwloc_topology_t loaded = this_machine().loaded;
  const bitmap_handle cpus = new_bitmap();
  if (!can_bind(loaded) || hwloc_get_cpubind(loaded, cpus.get(), HWLOC_CPUBIND_THREAD) != 0)
    return std::nullopt;
  return to_cpu_set(cpus.get());
}

int request_thread_binding(const cpu_set& cpus) {
  hwloc_topology_t loaded = this_machine().loaded;
  if (!can_bind(loaded)) return ENOSYS;
  const bitmap_handle wanted = new_bitmap();
  for (const unsigned cpu : cpus) {
    if (hwloc_bitmap_set(wanted.get(), cpu) != 0) return ENOMEM;
  }
  return hwloc_set_cpubind(loaded, wanted.get(), HWLOC_CPUBIND_THREAD) == 0 ? 0 : errno;
}

}  // namespace filch::inline v0_1::detail
