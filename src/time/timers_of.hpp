// The way from a scheduler to its timers.
#pragma once

#include <filch/runtime/scheduler.hpp>

#include "time/timers.hpp"

namespace filch::inline v0_1::detail {

/// Made if there are none yet, and without a thread. Throws forked, std::bad_alloc.
[[nodiscard]] timers& make_timers_of(const scheduler& pool);

}  // namespace filch::inline v0_1::detail
