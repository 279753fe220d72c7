// The lanes beside the injection queue, for tasks that are more or less urgent than the others. Tasks of normal priority never
// come here, and the others lie in a deque only where there is no memory to put them back.
#pragma once

#include <array>

#include <filch/detail/queue/injection_lane.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/task/priority.hpp>

#include "queue/injection_queue.hpp"

namespace filch::inline v0_1::detail {

using task_lane = injection_lane<injection_queue<task_node>>;

inline constexpr unsigned lane_count = 2;

/// Throws std::invalid_argument for a value that is none of the enumeration.
void require_priority(priority rank);

/// Of a priority that is not the normal one.
[[nodiscard]] constexpr unsigned lane_of(priority rank) noexcept { return rank == priority::high ? 0 : 1; }

/// The right to enqueue in each lane; of one thread at a time.
using lane_producers = std::array<task_lane::producer, lane_count>;

}  // namespace filch::inline v0_1::detail
