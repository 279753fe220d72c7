// How often this program has asked the heap: the operator new for single objects is exchanged in it.
#pragma once

#include <cstdint>

namespace filch_tests {

/// Calls of all threads so far.
[[nodiscard]] std::uint64_t heap_count() noexcept;

}  // namespace filch_tests
