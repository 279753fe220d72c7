// Clustering core kinds by efficiency.
#include "topology/core_kinds.hpp"

#include <algorithm>

namespace filch::inline v0_1::detail {
namespace {

// Turbo bins within one design lie within some 8 %, capacities within 3 %; designs differ by a quarter.
constexpr double same_speed_ratio = 1.1;

bool hardly_differ(const described_kind& a, const described_kind& b) {
  if (a.core_type != b.core_type || a.speed <= 0 || b.speed <= 0) return false;
  return std::max(a.speed, b.speed) <= same_speed_ratio * std::min(a.speed, b.speed);
}

}  // namespace

std::vector<cpu_set> cluster_kinds(const std::vector<described_kind>& kinds) {
  std::vector<cpu_set> clusters;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (i == 0 || !hardly_differ(kinds[i - 1], kinds[i])) clusters.emplace_back();
    clusters.back() |= kinds[i].cpus;
  }
  std::reverse(clusters.begin(), clusters.end());
  return clusters;
}

}  // namespace filch::inline v0_1::detail
