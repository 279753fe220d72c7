// How much stack the calling thread has left.
#pragma once

namespace filch::inline v0_1::detail {

/// Whether another task may be run on top of what the calling thread is doing: false in the last quarter of its stack,
/// or in the last 256 KiB if that is less. Measured, not counted; the first call on a thread asks the system.
[[nodiscard]] bool stack_has_room() noexcept;

}  // namespace filch::inline v0_1::detail
