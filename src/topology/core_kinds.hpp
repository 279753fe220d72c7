// Hybrid machines: which cores are faster in a way that placement should care about.
#pragma once

#include "topology/description.hpp"

#include <vector>

namespace filch::inline v0_1::detail {

/// Joins kinds that hardly differ. An Arm big.LITTLE may report five kinds of two speeds, and a desktop one
/// kind for the few cores that reach the highest turbo: to prefer those would trade shared caches for a few
/// per cent.
///
/// Takes the kinds slowest first, returns the sets of processors fastest first.
[[nodiscard]] std::vector<cpu_set> cluster_kinds(const std::vector<described_kind>& kinds);

}  // namespace filch::inline v0_1::detail
