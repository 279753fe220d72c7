// The plan in four steps: deal a seat to each worker, decide how tightly to hold them, name the processors
// that this means, and order the victims.
#include <filch/topology/placement.hpp>
#include <filch/topology/worker_count.hpp>

#include "topology/seats.hpp"
#include "topology/victims.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

namespace filch::inline v0_1 {
namespace {

using threads_ref = const std::vector<hardware_thread>&;
using seats_ref = const std::vector<std::size_t>&;

// An object of the tree: its position on the chain and its name there.
using object_name = std::pair<std::size_t, unsigned>;

std::size_t held_depth(const hardware_thread& thread, pinning level) {
  switch (level) {
    case pinning::core:
      return thread.ancestors.size() - 1;
    case pinning::cache_group:
      return thread.cache_depth;
    case pinning::numa_node:
      return thread.node_depth;
    case pinning::none:
    case pinning::automatic:
      break;
  }
  return 0;
}

object_name held_object(const hardware_thread& thread, pinning level) {
  const std::size_t depth = held_depth(thread, level);
  return {depth, thread.ancestors[depth]};
}

std::set<object_name> groups_of(threads_ref threads, pinning level) {
  std::set<object_name> groups;
  for (const hardware_thread& thread : threads) groups.insert(held_object(thread, level));
  return groups;
}

std::set<object_name> seated_groups(threads_ref threads, seats_ref seats, pinning level) {
  std::set<object_name> groups;
  for (const std::size_t seat : seats) groups.insert(held_object(threads[seat], level));
  return groups;
}

bool is_under(const hardware_thread& thread, object_name object) {
  return object.first < thread.ancestors.size() && thread.ancestors[object.first] == object.second;
}

// Does every group with a worker have a second core to which the system can move it, away from another pool?
bool leaves_a_choice(threads_ref threads, seats_ref seats, pinning level) {
  for (const object_name& group : seated_groups(threads, seats, level)) {
    std::set<unsigned> cores;
    for (const hardware_thread& thread : threads) {
      if (is_under(thread, group)) cores.insert(thread.core());
    }
    if (cores.size() < 2) return false;
  }
  return true;
}

pinning choose_level(threads_ref threads, seats_ref seats, bool may_be_smaller) {
  if (seats.size() == threads.size() && !may_be_smaller) return pinning::core;
  pinning narrow = pinning::cache_group;
  pinning wide = pinning::numa_node;
  if (groups_of(threads, narrow).size() < groups_of(threads, wide).size()) std::swap(narrow, wide);
  // A pool with fewer workers than narrow groups would take the first ones, as would every other small pool.
  const bool reaches_all = seated_groups(threads, seats, narrow) == groups_of(threads, narrow);
  if (reaches_all && leaves_a_choice(threads, seats, narrow)) return narrow;
  return leaves_a_choice(threads, seats, wide) ? wide : pinning::none;
}

std::string describe(pinning applied) {
  switch (applied) {
    case pinning::core:
      return "each worker is pinned to one hardware thread";
    case pinning::cache_group:
      return "each worker is bound to the processors that share its cache";
    case pinning::numa_node:
      return "each worker is bound to its NUMA node";
    case pinning::none:
    case pinning::automatic:
      break;
  }
  return "no worker is bound";
}

std::string explain(const placement_options& asked, pinning applied, std::size_t workers, std::size_t threads) {
  if (asked.pin != pinning::automatic) return describe(applied) + ", as asked";
  const std::string sizes = (asked.may_be_smaller ? "at most " : "") + std::to_string(workers) +
                            (workers == 1 ? " worker" : " workers") + " on " + std::to_string(threads) +
                            " allowed hardware thread" + (threads == 1 ? "" : "s");
  switch (applied) {
    case pinning::core:
      return describe(applied) + ": the pool fills the machine (" + sizes + ")";
    case pinning::none:
      return describe(applied) + ": " + sizes + ", and a cache or NUMA node has only one core";
    default:
      return describe(applied) +
             (asked.may_be_smaller ? ": the pool may be smaller (" : ": the pool does not fit the machine exactly (") + sizes + ")";
  }
}

// All processors under each group, also those that a narrower group holds: uneven machines nest groups.
std::map<object_name, cpu_set> processors_of_groups(threads_ref threads, seats_ref seats, pinning level) {
  std::map<object_name, cpu_set> processors;
  for (const object_name& group : seated_groups(threads, seats, level)) {
    for (const hardware_thread& thread : threads) {
      if (is_under(thread, group)) processors[group].add(thread.os_index);
    }
  }
  return processors;
}

std::vector<worker_place> place_workers(threads_ref threads, seats_ref seats, pinning level) {
  const std::map<object_name, cpu_set> processors = processors_of_groups(threads, seats, level);
  std::vector<std::size_t> depths;
  depths.reserve(seats.size());
  for (const std::size_t seat : seats) depths.push_back(held_depth(threads[seat], level));
  std::vector<std::vector<std::uint32_t>> victims = detail::order_victims(threads, seats, depths);
  std::vector<worker_place> workers;
  workers.reserve(seats.size());
  for (std::size_t i = 0; i < seats.size(); ++i) {
    const hardware_thread& home = threads[seats[i]];
    workers.push_back({processors.at(held_object(home, level)), home.os_index, home.numa_node, home.kind,
                       std::move(victims[i])});
  }
  return workers;
}

// One of each node in turn, so that the first few are on all of them.
std::vector<std::size_t> round_the_nodes(threads_ref threads, seats_ref seats) {
  std::map<unsigned, std::vector<std::size_t>> by_node;
  for (const std::size_t seat : seats) by_node[threads[seat].numa_node].push_back(seat);
  std::vector<std::size_t> order;
  order.reserve(seats.size());
  for (std::size_t turn = 0; order.size() != seats.size(); ++turn)
    for (const auto& [node, of_node] : by_node)
      if (turn < of_node.size()) order.push_back(of_node[turn]);
  return order;
}

std::size_t checked_count(const topology& machine, const placement_options& options) {
  if (!options.workers) return std::min<std::size_t>(machine.hardware_threads().size(), max_workers);
  if (*options.workers >= 1 && *options.workers <= max_workers) return *options.workers;
  throw std::invalid_argument("filch: a pool cannot have " + std::to_string(*options.workers) +
                              " workers; ask for 1 to " + std::to_string(max_workers) +
                              ", or for none to get one for each allowed hardware thread");
}

}  // namespace

const char* to_string(pinning level) noexcept {
  switch (level) {
    case pinning::automatic:
      return "automatic";
    case pinning::none:
      return "none";
    case pinning::numa_node:
      return "numa_node";
    case pinning::cache_group:
      return "cache_group";
    case pinning::core:
      return "core";
  }
  return "not a pinning";
}

placement_plan plan_placement(const topology& machine, const placement_options& options) {
  const std::vector<hardware_thread>& threads = machine.hardware_threads();
  std::vector<std::size_t> seats = detail::deal_seats(threads, checked_count(machine, options));
  if (options.may_be_smaller) seats = round_the_nodes(threads, seats);
  const pinning applied =
      options.pin == pinning::automatic ? choose_level(threads, seats, options.may_be_smaller) : options.pin;
  return {place_workers(threads, seats, applied), applied, machine.allowed(),
          explain(options, applied, seats.size(), threads.size())};
}

}  // namespace filch::inline v0_1
