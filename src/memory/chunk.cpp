// Cutting a chunk into blocks and taking them back.
#include "memory/chunk.hpp"

#include <new>

#include "memory/poison.hpp"

namespace filch::inline v0_1::detail {

chunk* chunk::create(slab& home, chunk_source from, std::size_t block_bytes) {
  char* const memory = static_cast<char*>(obtain_chunk_memory(from, bytes));
  char* const first = memory + sizeof(chunk);
  const std::size_t blocks = (bytes - sizeof(chunk)) / block_bytes;
  char* const last = first + blocks * block_bytes;
  poison(first, static_cast<std::size_t>(last - first));
  return ::new (memory) chunk(home, from, block_bytes, first, last);
}

void chunk::destroy(chunk* dead) noexcept {
  unpoison(dead, bytes);
  release_chunk_memory(dead->source, dead, bytes);
}

void* chunk::take() noexcept {
  ++live;
  void* block = uncut;
  if (free != nullptr) {
    block = free;
    unpoison(block, block_bytes);
    free = free->next;
  } else {
    uncut += block_bytes;
    unpoison(block, block_bytes);
  }
  return block;
}

void chunk::give_back(void* block) noexcept {
  --live;
  free = ::new (block) free_block_node{free};
  poison(static_cast<char*>(block) + sizeof(free_block_node), block_bytes - sizeof(free_block_node));
}

}  // namespace filch::inline v0_1::detail
