// Where the calling thread's stack ends, now. A back-end file.
#pragma once

#include <cstdint>

namespace filch::inline v0_1::detail {

[[nodiscard]] inline std::uintptr_t stack_pointer() noexcept {
#if defined(__x86_64__)
  std::uintptr_t now;
  __asm__("mov %%rsp, %0" : "=r"(now));  // asking for the frame would set one up in every caller
  return now;
#else
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
#endif
}

}  // namespace filch::inline v0_1::detail
