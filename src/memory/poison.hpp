// Tells AddressSanitizer which blocks are free, so that a use after free of a task is found although its memory stays
// with the slab; and its leak checker where to look. Nothing without the sanitizer. A back-end file.
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
#include <sanitizer/lsan_interface.h>
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

// What is not the heap's is searched by the leak checker for pointers to what is, from here to the next of the two calls.

inline void show_to_leak_checker([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(FILCH_POISON)
  __lsan_register_root_region(memory, bytes);
#endif
}

inline void hide_from_leak_checker([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(FILCH_POISON)
  __lsan_unregister_root_region(memory, bytes);
#endif
}

}  // namespace filch::inline v0_1::detail
