// The memory of the tasks that one worker creates, or that come in by one submission slot: blocks in sixteen size classes,
// given out and taken back by the slab's owner without atomics. A block that another thread frees comes home over the
// remote list.
//
// Not a general allocator: for task nodes only. A slab outlives its owner, and its pool, until its last block is home.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "memory/chunk.hpp"
#include "memory/chunk_memory.hpp"
#include "memory/trim_bell.hpp"

namespace filch::inline v0_1::detail {

class slab {
 public:
  /// Empty chunks above this many bytes are given back by trim().
  static constexpr std::size_t retained_bytes = std::size_t{1024} * 1024;

  /// With a share in the bell of its pool, if there is one. Throws std::bad_alloc. Ended by orphan().
  [[nodiscard]] static slab* create(trim_bell* bell = nullptr, chunk_source chunks_from = chunk_source::heap);

  /// How many slabs there are in the process: none when no pool and no task is left. For tests.
  [[nodiscard]] static std::uint64_t in_existence() noexcept;

  slab(const slab&) = delete;
  slab& operator=(const slab&) = delete;

  /// Owner: a block of at least `bytes`, at most largest_slab_block, aligned to slab_alignment. Throws std::bad_alloc.
  [[nodiscard]] void* allocate(std::size_t bytes);

  /// Owner: a block of this slab comes back.
  void free_own(void* block) noexcept;

  /// Owner: takes home what other threads have freed, then gives back the empty chunks beyond what it retains. If more than
  /// that is in use, the bell will ring when half of the blocks that are out have come home.
  void trim() noexcept;

  /// Owner, once and as its last act: the slab deletes itself when its last block is home, perhaps at once.
  void orphan() noexcept;

  /// Any thread but the owner: a block of this slab comes back. The slab may be gone afterwards.
  void free_remote(void* block) noexcept;

  /// Any thread: whether so much has come home since the last trim() that the bell rings; may be old.
  [[nodiscard]] bool wants_trim() const noexcept { return remote_.is_due(); }

  /// What the slab holds. Any thread; may be old.
  [[nodiscard]] std::size_t bytes_held() const noexcept { return bytes_held_.load(std::memory_order_relaxed); }

  /// Owner: blocks that are out and have not been seen home. For tests.
  [[nodiscard]] std::uint64_t blocks_out() const noexcept { return blocks_out_; }

 private:
  static constexpr std::size_t size_classes = largest_slab_block / slab_alignment;

  slab(trim_bell* bell, chunk_source chunks_from) noexcept;
  ~slab();

  static constexpr std::size_t size_class(std::size_t bytes) noexcept {
    return bytes == 0 ? 0 : (bytes - 1) / slab_alignment;
  }

  chunk& chunk_with_room(std::size_t index);
  chunk& add_chunk(std::size_t index);
  void remove_chunk(chunk* empty) noexcept;
  void link_with_room(chunk& entry) noexcept;
  void unlink_with_room(chunk& entry) noexcept;
  void take_home(free_block_node* list) noexcept;
  void give_back_empty_chunks() noexcept;
  [[nodiscard]] bool much_is_in_use() const noexcept;

  trim_bell* const bell_;
  const chunk_source chunks_from_;
  std::array<chunk*, size_classes> with_room_{};
  chunk* chunks_ = nullptr;
  std::uint64_t blocks_out_ = 0;
  std::size_t empty_chunks_ = 0;
  std::atomic<std::size_t> bytes_held_{0};  // one writer, the owner
  alignas(cache_line) remote_list<> remote_;
};

/// The slab that the calling thread owns for as long as it runs, or nullptr: a worker's.
extern constinit thread_local slab* this_thread_slab;

}  // namespace filch::inline v0_1::detail
