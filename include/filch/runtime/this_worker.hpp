// Who am I?
#pragma once

#include <optional>

namespace filch::inline v0_1 {

/// The index of the worker that the calling thread is, in whichever pool it works for; spares are counted from
/// scheduler::max_worker_count() on. Nothing on any other thread. Never blocks.
[[nodiscard]] std::optional<unsigned> this_worker() noexcept;

}  // namespace filch::inline v0_1
