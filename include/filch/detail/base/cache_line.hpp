// The distance that keeps two writers from sharing a cache line.
#pragma once

#include <cstddef>

namespace filch::inline v0_1::detail {

// std::hardware_destructive_interference_size may differ between two compilers of one program, and then the layout
// of a task would differ between header and archive. 64 bytes is the line of every x86-64 and of most Arm cores.
inline constexpr std::size_t cache_line = 64;

}  // namespace filch::inline v0_1::detail
