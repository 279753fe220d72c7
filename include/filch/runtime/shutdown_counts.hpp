// What a shutdown answers.
#pragma once

#include <cstdint>

namespace filch::inline v0_1 {

/// What has become of all tasks that the pool ever took, at the moment the shutdown returned.
struct shutdown_counts {
  std::uint64_t finished = 0;   ///< ran to their end, with a result or an exception
  std::uint64_t cancelled = 0;  ///< never ran, or not again: their futures throw task_cancelled, or timed_out; also series, and what a group cancelled
  std::uint64_t running = 0;    ///< still run, or wait; with a call from a task also those still queued

  friend bool operator==(const shutdown_counts&, const shutdown_counts&) = default;
};

}  // namespace filch::inline v0_1
