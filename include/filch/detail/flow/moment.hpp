// Waiting on the calling thread for a moment of the pool's clock.
#pragma once

#include <chrono>
#include <stop_token>

#include <filch/detail/time/pool_timers.hpp>

namespace filch::inline v0_1::detail {

/// Returns when the moment has come; sooner when the token is stopped or the pool cancels. The caller has a task of the pool's,
/// so that this does not end. A worker counts as blocked meanwhile. Throws std::bad_alloc, too_many_blocked.
void wait_for_moment(const pool_timers& by, std::chrono::steady_clock::time_point due, const std::stop_token& stop);

}  // namespace filch::inline v0_1::detail
