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

stack_limits limits_of_this_stack() noexcept {
  pthread_attr_t own;
  if (::pthread_getattr_np(::pthread_self(), &own) != 0) return {};
  void* lowest = nullptr;
  std::size_t size = 0;
  const bool known = ::pthread_attr_getstack(&own, &lowest, &size) == 0;
  ::pthread_attr_destroy(&own);
  if (!known) return {};
  const auto end = reinterpret_cast<std::uintptr_t>(lowest);
  const std::uintptr_t reserve = std::min(largest_reserve, size / 4);
  return {end + reserve, end + reserve / 2};
}

bool stack_has_room() noexcept {
  constexpr std::uintptr_t unknown = ~std::uintptr_t{0};
  constinit thread_local std::uintptr_t reserve = unknown;
  if (reserve == unknown) reserve = limits_of_this_stack().reserve;
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) > reserve;
}

}  // namespace filch::inline v0_1::detail
