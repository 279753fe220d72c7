// Where the memory of chunks comes from: the heap, or pages that nobody has touched. On a machine with several NUMA nodes the
// heap hands on memory that another thread was the first to use, and so lies on that thread's node; a fresh page lies on the
// node of whoever touches it first, which is the owner of the slab.
#pragma once

#include <cstddef>

namespace filch::inline v0_1::detail {

enum class chunk_source : bool { heap, fresh_pages };

/// `bytes` aligned to `bytes`, a power of two of at least a page; fresh pages are not touched. Throws std::bad_alloc.
[[nodiscard]] void* obtain_chunk_memory(chunk_source from, std::size_t bytes);

/// Gives back what obtain_chunk_memory() returned for the same source and size.
void release_chunk_memory(chunk_source to, void* memory, std::size_t bytes) noexcept;

}  // namespace filch::inline v0_1::detail
