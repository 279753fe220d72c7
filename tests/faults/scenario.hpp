// A whole life of a pool, in which any step may be refused for want of something.
#pragma once

#include <string>

namespace filch_faults {

/// Makes a pool, uses everything it has, and ends it. What was accepted must come to its end; what was refused must have said
/// so. An empty string, or what is wrong.
[[nodiscard]] std::string live_once();

}  // namespace filch_faults
