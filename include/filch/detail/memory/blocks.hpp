// Where the memory of a task comes from and goes to: small ones from a slab, large or over-aligned ones from the heap.
#pragma once

#include <cstddef>

namespace filch::inline v0_1::detail {

/// Up to this size, and up to this alignment, a block comes from a slab.
inline constexpr std::size_t largest_slab_block = 1024;
inline constexpr std::size_t slab_alignment = 64;

[[nodiscard]] constexpr bool fits_a_slab(std::size_t bytes, std::size_t alignment) noexcept {
  return bytes <= largest_slab_block && alignment <= slab_alignment;
}

/// A block that does not fit a slab. Throws std::bad_alloc.
[[nodiscard]] void* allocate_from_heap(std::size_t bytes, std::size_t alignment);

/// Any thread: frees a block with the size and alignment it was allocated with. Lock-free for a block of a slab, but
/// that the one of a late burst that completes its half has the pool's memory trimmed.
void free_block(void* block, std::size_t bytes, std::size_t alignment) noexcept;

}  // namespace filch::inline v0_1::detail
