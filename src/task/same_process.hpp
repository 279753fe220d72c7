// The error for what a child process cannot do.
#pragma once

#include <cstdint>

#include <filch/detail/base/process_generation.hpp>

namespace filch::inline v0_1::detail {

[[noreturn]] void throw_forked();

/// Throws forked when `generation` is not this process's: the threads that would do the work exist in the parent only.
inline void require_same_process(std::uint32_t generation) {
  if (generation != process_generation()) throw_forked();
}

}  // namespace filch::inline v0_1::detail
