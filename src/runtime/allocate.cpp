// The memory of a new task: from the slab of the worker that makes it, or of a submission slot; large ones from the heap.
// And how the memory of a burst comes back.
#include <filch/detail/base/atomics.hpp>
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
  confirm_own_thread();
  return fits_a_slab(bytes, alignment) ? slab_->allocate(bytes) : allocate_from_heap(bytes, alignment);
}

void* pool_core::allocate_in(const slot_lease& slot, std::size_t bytes, std::size_t alignment) {
  if (!fits_a_slab(bytes, alignment)) return allocate_from_heap(bytes, alignment);
  slab* memory = slot->memory.load(std::memory_order_relaxed);
  if (memory == nullptr) {
    memory = slab::create(bell_.get());
    // [T1] release, pairs with [T2] of those who read without the lease: they see the slab made.
    slot->memory.store(memory, std::memory_order_release);
  }
  return memory->allocate(bytes);
}

// [M6] The fence stands between the count of a block that has come home and the looks for who sleeps on it. It pairs with the
// one of a worker that is about to sleep [I2]: either its bit is seen here, or it sees the count. Who sleeps is woken, finds
// nothing to do, trims and sleeps again; for who is dormant it is done here. After the end, who rings has the workers' slabs to
// itself.
void pool_core::trim_memory() noexcept {
  standard_atomics::full_fence();
  slots_.trim();
  // [C3] acquire, pairs with [C4] in end_workers(): the workers are joined.
  const bool ended = ended_.load(std::memory_order_acquire);
  for_each_worker([&](worker& each) {
    if (ended)
      each.trim();
    else if (each.wants_trim() && !idle_.call_up(each.seat().group, std::uint64_t{1} << each.seat().bit))
      trim_if_dormant(each);
  });
}

}  // namespace filch::inline v0_1::detail
