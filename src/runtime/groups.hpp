// Which worker stands in which idle word, and at which bit.
#pragma once

#include <cstdint>
#include <vector>

#include <filch/detail/park/idle.hpp>
#include <filch/topology/placement.hpp>

namespace filch::inline v0_1::detail {

/// The groups of a pool: workers of one NUMA node stand together, at most 48 to a word; spares fill what is left.
struct group_plan {
  struct group {
    unsigned size = 0;                 // workers and spares
    std::uint64_t spares = 0;          // the bits of the spares
    unsigned search_limit = 1;         // half of the workers, spares not counted, at least one
    std::vector<unsigned> nearest;     // all groups, this one first, then by distance
    std::vector<unsigned> members;     // worker indices by bit
  };
  std::vector<group> groups;
  std::vector<idle_seat> seats;  // by worker index, spares after the workers
};

/// Pure. `spares` is at most 48.
[[nodiscard]] group_plan plan_groups(const placement_plan& plan, unsigned spares);

}  // namespace filch::inline v0_1::detail
