// How much stack the calling thread has left.
#pragma once

#include <cstdint>

namespace filch::inline v0_1::detail {

/// Whether another task may be run on top of what the calling thread is doing: false in the last quarter of its stack,
/// or in the last 256 KiB if that is less. Measured, not counted; the first call on a thread asks the system.
[[nodiscard]] bool stack_has_room() noexcept;

/// Addresses in the calling thread's stack; 0 where the system does not say.
struct stack_limits {
  std::uintptr_t reserve;       // above it the stack has room
  std::uintptr_t half_reserve;  // for who has begun above that one, and is a little deeper
};
/// Asks the system.
[[nodiscard]] stack_limits limits_of_this_stack() noexcept;

}  // namespace filch::inline v0_1::detail
