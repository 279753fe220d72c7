// The order in which each worker tries the others when it steals.
#pragma once

#include <filch/topology/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace filch::inline v0_1::detail {

/// For each worker all the others, nearest first. Worker w sits at `threads[seats[w]]` and is held to the
/// ancestor at `held_depths[w]`: those in the same ancestor are equally near, because nobody knows where in
/// it they run.
[[nodiscard]] std::vector<std::vector<std::uint32_t>> order_victims(
    const std::vector<hardware_thread>& threads, const std::vector<std::size_t>& seats,
    const std::vector<std::size_t>& held_depths);

}  // namespace filch::inline v0_1::detail
