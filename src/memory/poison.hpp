// Tells AddressSanitizer which blocks are free, so that a use after free of a task is found although its memory stays
// with the slab. Nothing without the sanitizer. A back-end file.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define FILCH_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FILCH_POISON 1
#endif
#endif

#if defined(FILCH_POISON)
#include <sanitizer/asan_interface.h>
#endif

namespace filch::inline v0_1::detail {

inline void poison([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(FILCH_POISON)
  ASAN_POISON_MEMORY_REGION(memory, bytes);
#endif
}

inline void unpoison([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(FILCH_POISON)
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
#endif
}

}  // namespace filch::inline v0_1::detail
