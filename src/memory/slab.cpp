// Size classes over chunks, and the two ways home.
#include "memory/slab.hpp"

#include <new>

namespace filch::inline v0_1::detail {

namespace {
constinit std::atomic<std::uint64_t> slabs{0};
}  // namespace

constinit thread_local slab* this_thread_slab = nullptr;

slab* slab::create(trim_bell* bell, chunk_source chunks_from) { return new slab(bell, chunks_from); }

std::uint64_t slab::in_existence() noexcept { return slabs.load(std::memory_order_relaxed); }

slab::slab(trim_bell* bell, chunk_source chunks_from) noexcept
    : bell_(bell == nullptr ? nullptr : bell->share()), chunks_from_(chunks_from) {
  slabs.fetch_add(1, std::memory_order_relaxed);
}

slab::~slab() {
  slabs.fetch_sub(1, std::memory_order_relaxed);
  while (chunks_ != nullptr) {
    chunk* const dead = chunks_;
    chunks_ = dead->next_of_slab;
    chunk::destroy(dead);
  }
  if (bell_ != nullptr) bell_->drop_holder();
}

void* slab::allocate(std::size_t bytes) {
  const std::size_t index = size_class(bytes);
  chunk* source = with_room_[index];
  if (source == nullptr) source = &chunk_with_room(index);
  if (source->is_empty()) --empty_chunks_;
  void* const block = source->take();
  if (!source->has_room()) unlink_with_room(*source);
  ++blocks_out_;
  return block;
}

void slab::free_own(void* block) noexcept {
  chunk& source = *chunk::of(block);
  const bool was_full = !source.has_room();
  source.give_back(block);
  --blocks_out_;
  if (was_full) link_with_room(source);
  if (source.is_empty()) ++empty_chunks_;
}

// Rings before its block is home, and the slab perhaps gone.
void slab::free_remote(void* block) noexcept {
  const auto ring = [this] {
    if (bell_ != nullptr) bell_->ring();
  };
  auto* const node = ::new (block) free_block_node{nullptr};
  if (remote_.push(*node, ring) == return_outcome::last_block) delete this;
}

// Again if half of what was out has come home meanwhile. The proof that no ring is missing is in README.md.
void slab::trim() noexcept {
  if (bytes_held() <= retained_bytes) return take_home(remote_.take_all());
  do {
    take_home(remote_.take_all_and_watch());
    give_back_empty_chunks();
    if (!much_is_in_use()) return remote_.stop_watching();
  } while (!remote_.call_when((blocks_out_ + 1) / 2));
}

void slab::orphan() noexcept {
  take_home(remote_.close());
  if (remote_.orphan(blocks_out_) == orphan_outcome::all_home) delete this;
}

bool slab::much_is_in_use() const noexcept { return bytes_held() > retained_bytes + empty_chunks_ * chunk::bytes; }

void slab::give_back_empty_chunks() noexcept {
  chunk* next = nullptr;
  for (chunk* entry = chunks_; entry != nullptr && empty_chunks_ * chunk::bytes > retained_bytes; entry = next) {
    next = entry->next_of_slab;
    if (entry->is_empty()) remove_chunk(entry);
  }
}

// What others have freed is used before new memory is taken.
chunk& slab::chunk_with_room(std::size_t index) {
  take_home(remote_.take_all());
  return with_room_[index] != nullptr ? *with_room_[index] : add_chunk(index);
}

chunk& slab::add_chunk(std::size_t index) {
  chunk& added = *chunk::create(*this, chunks_from_, (index + 1) * slab_alignment);
  added.next_of_slab = chunks_;
  if (chunks_ != nullptr) chunks_->previous_of_slab = &added;
  chunks_ = &added;
  ++empty_chunks_;
  bytes_held_.store(bytes_held_.load(std::memory_order_relaxed) + chunk::bytes, std::memory_order_relaxed);
  link_with_room(added);
  return added;
}

void slab::remove_chunk(chunk* empty) noexcept {
  unlink_with_room(*empty);
  (empty->previous_of_slab != nullptr ? empty->previous_of_slab->next_of_slab : chunks_) = empty->next_of_slab;
  if (empty->next_of_slab != nullptr) empty->next_of_slab->previous_of_slab = empty->previous_of_slab;
  --empty_chunks_;
  bytes_held_.store(bytes_held_.load(std::memory_order_relaxed) - chunk::bytes, std::memory_order_relaxed);
  chunk::destroy(empty);
}

void slab::link_with_room(chunk& entry) noexcept {
  chunk*& first = with_room_[size_class(entry.block_bytes)];
  entry.previous_with_room = nullptr;
  entry.next_with_room = first;
  if (first != nullptr) first->previous_with_room = &entry;
  first = &entry;
}

void slab::unlink_with_room(chunk& entry) noexcept {
  chunk*& first = with_room_[size_class(entry.block_bytes)];
  (entry.previous_with_room != nullptr ? entry.previous_with_room->next_with_room : first) = entry.next_with_room;
  if (entry.next_with_room != nullptr) entry.next_with_room->previous_with_room = entry.previous_with_room;
}

void slab::take_home(free_block_node* list) noexcept {
  while (list != nullptr) {
    free_block_node* const block = list;
    list = block->next;
    free_own(block);
  }
}

}  // namespace filch::inline v0_1::detail
