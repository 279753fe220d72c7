// One turn of a spin loop: tells the core that this thread waits for another. A back-end file.
#pragma once

namespace filch::inline v0_1::detail {

inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ __volatile__("yield" ::: "memory");
#else
  __asm__ __volatile__("" ::: "memory");
#endif
}

}  // namespace filch::inline v0_1::detail
