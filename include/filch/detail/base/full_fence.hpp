// The one full fence of the library: every store of this thread before it is visible to all before any load after it
// reads. A back-end file.
#pragma once

#include <atomic>

#if defined(__SANITIZE_THREAD__)
#define FILCH_FENCE_BY_READ_MODIFY_WRITE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FILCH_FENCE_BY_READ_MODIFY_WRITE 1
#endif
#endif

namespace filch::inline v0_1::detail {

#if defined(FILCH_FENCE_BY_READ_MODIFY_WRITE)

// ThreadSanitizer does not model fences. A read-modify-write of a word that no other thread touches is the same
// barrier for the processor, and creates no happens-before edge that could hide a race from the sanitizer.
inline void full_fence() noexcept {
  thread_local std::atomic<int> own_word{0};
  (void)own_word.fetch_add(1, std::memory_order_seq_cst);
}

#elif defined(__clang__) && defined(__x86_64__)

// clang emits mfence (19 ns); any locked instruction is as strong for ordinary memory and takes 5 ns. gcc chooses
// the locked form by itself.
inline void full_fence() noexcept { __asm__ __volatile__("lock; orl $0, (%%rsp)" ::: "memory", "cc"); }

#else

inline void full_fence() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }

#endif

}  // namespace filch::inline v0_1::detail
