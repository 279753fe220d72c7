// Cutting a chunk into blocks and taking them back.
#include "memory/chunk.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include <filch/detail/base/checked_build.hpp>

#include "memory/poison.hpp"

namespace filch::inline v0_1::detail {

namespace {
// What a checked build writes into blocks: into those that go out, and behind the link of those that are free.
constexpr unsigned char fresh_byte = 0xa5;
constexpr unsigned char freed_byte = 0xdf;
}  // namespace

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
    if constexpr (checked_build)
      confirm(is_free(block), "the memory of a task was written after the task was gone");
  } else {
    uncut += block_bytes;
    unpoison(block, block_bytes);
  }
  if constexpr (checked_build) std::memset(block, fresh_byte, block_bytes);
  return block;
}

void chunk::give_back(void* block) noexcept {
  if constexpr (checked_build) confirm(is_cut(block) && !is_free(block), "a block of memory was freed that was not in use");
  --live;
  free = ::new (block) free_block_node{free};
  char* const rest = static_cast<char*>(block) + sizeof(free_block_node);
  const std::size_t rest_bytes = block_bytes - sizeof(free_block_node);
  if constexpr (checked_build) std::memset(rest, freed_byte, rest_bytes);
  poison(rest, rest_bytes);
}

bool chunk::is_cut(const void* block) const noexcept {
  const char* const at = static_cast<const char*>(block);
  const auto left = static_cast<std::size_t>(end - at);
  return at < uncut && left <= bytes && left % block_bytes == 0;
}

bool chunk::is_free(const void* block) const noexcept {
  const auto* const from = static_cast<const unsigned char*>(block);
  return std::all_of(from + sizeof(free_block_node), from + block_bytes, [](unsigned char byte) { return byte == freed_byte; });
}

}  // namespace filch::inline v0_1::detail
