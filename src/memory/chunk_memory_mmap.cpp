// Chunks from the heap or from mmap(). A back-end file.
#include "memory/chunk_memory.hpp"

#include <cstdint>
#include <new>

#include <sys/mman.h>

#include "memory/poison.hpp"

namespace filch::inline v0_1::detail {

namespace {

char* map(std::size_t bytes) {
  void* const pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(pages);
}

void unmap(char* from, char* to) noexcept {
  if (from != to) (void)::munmap(from, static_cast<std::size_t>(to - from));
}

std::size_t offset_within(const char* address, std::size_t alignment) noexcept {
  return reinterpret_cast<std::uintptr_t>(address) & (alignment - 1);
}

// The system puts mappings of one size next to each other, so the first attempt is mostly aligned where the last one was.
char* map_aligned(std::size_t bytes) {
  char* const lucky = map(bytes);
  if (offset_within(lucky, bytes) == 0) return lucky;
  unmap(lucky, lucky + bytes);
  char* const wide = map(2 * bytes);
  char* const aligned = wide + (bytes - offset_within(wide, bytes)) % bytes;
  unmap(wide, aligned);
  unmap(aligned + bytes, wide + 2 * bytes);
  return aligned;
}

}  // namespace

void* obtain_chunk_memory(chunk_source from, std::size_t bytes) {
  if (from == chunk_source::heap) return ::operator new(bytes, std::align_val_t{bytes});
  char* const pages = map_aligned(bytes);
  show_to_leak_checker(pages, bytes);
  return pages;
}

void release_chunk_memory(chunk_source to, void* memory, std::size_t bytes) noexcept {
  if (to == chunk_source::heap) return ::operator delete(memory, std::align_val_t{bytes});
  hide_from_leak_checker(memory, bytes);
  unmap(static_cast<char*>(memory), static_cast<char*>(memory) + bytes);
}

}  // namespace filch::inline v0_1::detail
