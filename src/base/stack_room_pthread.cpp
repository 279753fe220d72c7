// The POSIX back end: a thread's stack never moves, so its end is asked for once.
#include "base/stack_room.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <pthread.h>

namespace filch::inline v0_1::detail {

namespace {

constexpr std::size_t largest_reserve = std::size_t{256} * 1024;

}  // namespace

std::uintptr_t stack_reserve() noexcept {
  pthread_attr_t own;
  if (::pthread_getattr_np(::pthread_self(), &own) != 0) return 0;
  void* lowest = nullptr;
  std::size_t size = 0;
  const bool known = ::pthread_attr_getstack(&own, &lowest, &size) == 0;
  ::pthread_attr_destroy(&own);
  return known ? reinterpret_cast<std::uintptr_t>(lowest) + std::min(largest_reserve, size / 4) : 0;
}

bool stack_has_room() noexcept {
  constexpr std::uintptr_t unknown = ~std::uintptr_t{0};
  constinit thread_local std::uintptr_t reserve = unknown;
  if (reserve == unknown) reserve = stack_reserve();
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) > reserve;
}

}  // namespace filch::inline v0_1::detail
