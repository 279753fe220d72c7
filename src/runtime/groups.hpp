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
    std::vector<unsigned> nearest;     // all groups, this one first, then by distance
    std::vector<unsigned> members;     // worker indices by bit, ascending, so that the spares come last

    /// How many of the first so many workers of the pool stand here.
    [[nodiscard]] unsigned members_below(unsigned workers) const noexcept;
    /// The bits of all others that stand here, spares among them.
    [[nodiscard]] std::uint64_t bits_from(unsigned workers) const noexcept;
    /// How many may search, when the pool has so many workers: half of those that stand here, at least one.
    [[nodiscard]] unsigned search_limit(unsigned workers) const noexcept;
  };
  std::vector<group> groups;
  std::vector<idle_seat> seats;  // by worker index, spares after the workers
};

/// Pure. `spares` is at most 48.
[[nodiscard]] group_plan plan_groups(const placement_plan& plan, unsigned spares);

}  // namespace filch::inline v0_1::detail
