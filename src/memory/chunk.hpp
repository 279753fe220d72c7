// A piece of memory that a slab cuts into blocks of one size. A block finds its chunk by its address.
#pragma once

#include <cstddef>
#include <cstdint>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/memory/remote_list.hpp>

#include "memory/chunk_memory.hpp"

namespace filch::inline v0_1::detail {

class slab;
using free_block_node = basic_free_block<standard_atomics>;

/// Touched by the owner of its slab alone, but for `home`, which never changes.
struct alignas(slab_alignment) chunk {
  static constexpr std::size_t bytes = std::size_t{64} * 1024;

  /// A chunk with no block cut yet. Throws std::bad_alloc.
  static chunk* create(slab& home, chunk_source from, std::size_t block_bytes);
  static void destroy(chunk* dead) noexcept;

  /// The chunk that a block was cut from.
  static chunk* of(void* block) noexcept {
    return reinterpret_cast<chunk*>(reinterpret_cast<std::uintptr_t>(block) & ~(std::uintptr_t{bytes} - 1));
  }

  [[nodiscard]] bool has_room() const noexcept { return free != nullptr || uncut != end; }
  [[nodiscard]] bool is_empty() const noexcept { return live == 0; }

  /// Needs has_room().
  [[nodiscard]] void* take() noexcept;
  void give_back(void* block) noexcept;

  slab* const home;
  const std::size_t block_bytes;
  const chunk_source source;
  std::uint32_t live = 0;
  free_block_node* free = nullptr;
  char* uncut;      // from here to `end` no block was ever handed out, and no page touched
  char* const end;
  chunk* next_with_room = nullptr;  // the list of its size class; a full chunk is in no such list
  chunk* previous_with_room = nullptr;
  chunk* next_of_slab = nullptr;    // every chunk of the slab
  chunk* previous_of_slab = nullptr;

 private:
  // What a checked build asks.
  [[nodiscard]] bool is_cut(const void* block) const noexcept;
  [[nodiscard]] bool is_free(const void* block) const noexcept;

  chunk(slab& owner, chunk_source from, std::size_t size, char* first, char* last) noexcept
      : home(&owner), block_bytes(size), source(from), uncut(first), end(last) {}
};

}  // namespace filch::inline v0_1::detail
