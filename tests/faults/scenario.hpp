// A whole life of a pool and of a narrow one beside it, in which any step may be refused for want of something.
#pragma once

#include <string>

namespace filch_faults {

/// Makes them, uses everything they have, and ends them. What was accepted must come to its end; what was refused must have
/// said so. An empty string, or what is wrong.
[[nodiscard]] std::string live_once();

}  // namespace filch_faults
