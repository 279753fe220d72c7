// The error for what a child process cannot do.
#pragma once

#include <cstdint>

namespace filch::inline v0_1::detail {

/// Throws forked when `generation` is not this process's: the threads that would do the work exist in the parent only.
void require_same_process(std::uint32_t generation);

}  // namespace filch::inline v0_1::detail
