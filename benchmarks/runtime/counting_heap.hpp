// Counts what this program takes from the heap: counting_heap.cpp stands in for malloc, which operator new calls as
// well.
#pragma once

#include <cstdint>

/// Allocations of all threads so far.
[[nodiscard]] std::uint64_t heap_allocations() noexcept;
