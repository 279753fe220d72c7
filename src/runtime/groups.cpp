// Dealing workers into groups.
#include "runtime/groups.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace filch::inline v0_1::detail {

namespace {

constexpr unsigned capacity = idle_word<>::capacity;

unsigned add_group(group_plan& plan) {
  plan.groups.emplace_back();
  return static_cast<unsigned>(plan.groups.size() - 1);
}

void seat(group_plan& plan, unsigned group, unsigned worker) {
  auto& target = plan.groups[group];
  plan.seats[worker] = {group, target.size++};
  target.members.push_back(worker);
}

/// The workers of each NUMA node, in evenly filled groups.
void seat_workers(group_plan& plan, const placement_plan& places) {
  std::map<unsigned, std::vector<unsigned>> by_node;
  for (unsigned w = 0; w != places.workers.size(); ++w) by_node[places.workers[w].numa_node].push_back(w);
  for (const auto& [node, members] : by_node) {
    const std::size_t parts = (members.size() + capacity - 1) / capacity;
    for (std::size_t part = 0; part != parts; ++part) {
      const unsigned group = add_group(plan);
      for (std::size_t i = part * members.size() / parts; i != (part + 1) * members.size() / parts; ++i)
        seat(plan, group, members[i]);
    }
  }
}

/// Spares go round the groups that have room, then into groups of their own.
void seat_spares(group_plan& plan, unsigned first, unsigned spares) {
  unsigned at = 0;
  for (unsigned spare = 0; spare != spares; ++spare) {
    const auto groups = static_cast<unsigned>(plan.groups.size());
    unsigned tried = 0;
    while (tried != groups && plan.groups[at % groups].size == capacity) ++at, ++tried;
    const unsigned group = tried == groups ? add_group(plan) : at++ % groups;
    seat(plan, group, first + spare);
  }
}

/// A group is as far as its first worker is from ours; groups of spares alone come last.
std::vector<unsigned> by_distance(const group_plan& plan, const placement_plan& places, unsigned from) {
  const auto workers = static_cast<unsigned>(places.workers.size());
  std::vector<std::size_t> rank(plan.groups.size(), workers + 1);
  const unsigned first = plan.groups[from].members.front();
  if (first < workers) {
    const auto& victims = places.workers[first].victims;
    for (std::size_t i = victims.size(); i-- != 0;) rank[plan.seats[victims[i]].group] = i + 1;
  }
  rank[from] = 0;
  std::vector<unsigned> order(plan.groups.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](unsigned a, unsigned b) { return rank[a] < rank[b]; });
  return order;
}

}  // namespace

unsigned group_plan::group::members_below(unsigned workers) const noexcept {
  return static_cast<unsigned>(std::lower_bound(members.begin(), members.end(), workers) - members.begin());
}

std::uint64_t group_plan::group::bits_from(unsigned workers) const noexcept {
  return (std::uint64_t{1} << size) - (std::uint64_t{1} << members_below(workers));
}

unsigned group_plan::group::search_limit(unsigned workers) const noexcept {
  return std::max(1U, members_below(workers) / 2);
}

group_plan plan_groups(const placement_plan& places, unsigned spares) {
  group_plan plan;
  const auto workers = static_cast<unsigned>(places.workers.size());
  plan.seats.resize(workers + spares);
  seat_workers(plan, places);
  seat_spares(plan, workers, spares);
  for (unsigned g = 0; g != plan.groups.size(); ++g) {
    auto& group = plan.groups[g];
    group.nearest = by_distance(plan, places, g);
  }
  return plan;
}

}  // namespace filch::inline v0_1::detail
