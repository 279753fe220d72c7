// Size classes over chunks, and the two ways home.
#include "memory/slab.hpp"

#include <new>

namespace filch::inline v0_1::detail {

namespace {
constinit std::atomic<std::uint64_t> slabs{0};

// A bell rings once for so many blocks that come home, and towards the end, when no more are out than these few.
constexpr std::int64_t many_blocks = 4096;
constexpr std::int64_t few_blocks = 64;
constexpr std::int64_t uncounted_yet = std::int64_t{1} << 62;
}  // namespace

constinit thread_local slab* this_thread_slab = nullptr;

slab* slab::create(trim_bell* bell) { return new slab(bell); }

std::uint64_t slab::in_existence() noexcept { return slabs.load(std::memory_order_relaxed); }

slab::slab(trim_bell* bell) noexcept : bell_(bell == nullptr ? nullptr : bell->share()) {
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

bool slab::wants_trim() const noexcept {
  const std::int64_t all = all_returned_.load(std::memory_order_relaxed);
  if (all == 0 || !remote_.has_blocks()) return false;
  const std::int64_t returned = returned_.load(std::memory_order_relaxed);
  return returned >= worth_a_trim_.load(std::memory_order_relaxed) || returned >= all - few_blocks;
}

void slab::free_remote(void* block) noexcept {
  count_return();  // before the block goes, and perhaps the slab with it
  auto* const node = ::new (block) free_block_node{nullptr};
  if (remote_.push(*node) == return_outcome::last_block) delete this;
}

// The count may be a few off, for who looked at all_returned_ before counting began and returns a block after, and for who
// counts a block that this trim has seen already. So it rings more than once towards the end, and beyond it.
void slab::count_return() noexcept {
  const std::int64_t all = all_returned_.load(std::memory_order_relaxed);
  if (all == 0) return;
  const std::int64_t left = all - returned_.fetch_add(1, std::memory_order_relaxed) - 1;
  const bool rings = left % many_blocks == 0 || (left <= few_blocks && left % 8 == 0);
  if (rings && bell_ != nullptr) bell_->ring();
}

void slab::await_blocks(std::int64_t returned_before) noexcept {
  const std::size_t in_use = bytes_held() - empty_chunks_ * chunk::bytes;
  const bool much = in_use > retained_bytes;
  worth_a_trim_.store(returned_before + many_blocks, std::memory_order_relaxed);
  all_returned_.store(much ? returned_before + static_cast<std::int64_t>(blocks_out_) : 0, std::memory_order_relaxed);
}

void slab::trim() noexcept {
  // Whatever comes home from here on is counted, so that nothing falls between the list and the count.
  if (bytes_held() > retained_bytes) all_returned_.store(uncounted_yet, std::memory_order_relaxed);
  const std::int64_t returned_before = returned_.load(std::memory_order_relaxed);
  take_home(remote_.take_all());
  chunk* next = nullptr;
  for (chunk* entry = chunks_; entry != nullptr && empty_chunks_ * chunk::bytes > retained_bytes; entry = next) {
    next = entry->next_of_slab;
    if (entry->is_empty()) remove_chunk(entry);
  }
  await_blocks(returned_before);
}

void slab::orphan() noexcept {
  take_home(remote_.close());
  if (remote_.orphan(blocks_out_) == orphan_outcome::all_home) delete this;
}

// What others have freed is used before new memory is taken.
chunk& slab::chunk_with_room(std::size_t index) {
  take_home(remote_.take_all());
  return with_room_[index] != nullptr ? *with_room_[index] : add_chunk(index);
}

chunk& slab::add_chunk(std::size_t index) {
  chunk& added = *chunk::create(*this, (index + 1) * slab_alignment);
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
