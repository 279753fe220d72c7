// The memory of a new task: from the slab of the worker that makes it, or of a submission slot; large ones from the heap.
#include <filch/detail/memory/blocks.hpp>

#include "memory/slab.hpp"
#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

void* pool_core::allocate(std::size_t bytes, std::size_t alignment) {
  if (worker* const self = own_worker(); self != nullptr) return self->allocate(bytes, alignment);
  return allocate_in(slots_.lease(), bytes, alignment);
}

void* worker::allocate(std::size_t bytes, std::size_t alignment) {
  return fits_a_slab(bytes, alignment) ? slab_->allocate(bytes) : allocate_from_heap(bytes, alignment);
}

void* pool_core::allocate_in(const slot_lease& slot, std::size_t bytes, std::size_t alignment) {
  if (!fits_a_slab(bytes, alignment)) return allocate_from_heap(bytes, alignment);
  slab* memory = slot->memory.load(std::memory_order_relaxed);
  if (memory == nullptr) {
    memory = slab::create();
    // [T1] release, pairs with [T2] in trim(), which alone reads without the lease: it sees the slab made.
    slot->memory.store(memory, std::memory_order_release);
  }
  return memory->allocate(bytes);
}

}  // namespace filch::inline v0_1::detail
