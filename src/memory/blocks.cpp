// Which of the two memories a block belongs to follows from its size and alignment alone.
#include <filch/detail/memory/blocks.hpp>

#include <new>

#include "memory/slab.hpp"

namespace filch::inline v0_1::detail {

void* allocate_from_heap(std::size_t bytes, std::size_t alignment) {
  return ::operator new(bytes, std::align_val_t{alignment});
}

void free_block(void* block, std::size_t bytes, std::size_t alignment) noexcept {
  if (!fits_a_slab(bytes, alignment)) {
    ::operator delete(block, std::align_val_t{alignment});
    return;
  }
  slab* const home = chunk::of(block)->home;
  if (home == this_thread_slab)
    home->free_own(block);
  else
    home->free_remote(block);
}

}  // namespace filch::inline v0_1::detail
