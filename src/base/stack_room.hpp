// How much stack the calling thread has left.
#pragma once

#include <cstdint>

namespace filch::inline v0_1::detail {

/// Whether another task may be run on top of what the calling thread is doing: false in the last quarter of its stack,
/// or in the last 256 KiB if that is less. Measured, not counted; the first call on a thread asks the system.
[[nodiscard]] bool stack_has_room() noexcept;

/// The address above which the calling thread's stack has room; 0 where the system does not say. Asks the system.
[[nodiscard]] std::uintptr_t stack_reserve() noexcept;

}  // namespace filch::inline v0_1::detail
