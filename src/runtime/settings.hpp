// A scheduler's options, checked and decided: what was left open is filled in from the machine and the environment.
#pragma once

#include <chrono>
#include <string>

#include <filch/runtime/scheduler_options.hpp>
#include <filch/topology/placement.hpp>

#include "memory/chunk_memory.hpp"

namespace filch::inline v0_1::detail {

struct settings {
  scheduler_options options;  // as given
  unsigned first_workers;  // at the start
  placement_plan plan;  // of as many as there may be
  unsigned spares;
  chunk_source memory;  // of the workers' tasks
  std::size_t allowed_threads;  // of the hardware, to the process and to the thread that made the pool
  std::string why_workers;  // how many at the start, and the reason

  /// How many workers there may be, spares not counted.
  [[nodiscard]] unsigned most_workers() const noexcept { return static_cast<unsigned>(plan.workers.size()); }
  /// How long one of so many looks for work before it parks.
  [[nodiscard]] std::chrono::nanoseconds spin_of(unsigned workers) const noexcept {
    using namespace std::chrono_literals;
    return options.spin.value_or(workers > allowed_threads ? 0ns : 20us);
  }
};

/// Throws std::invalid_argument with a sentence for an option or an environment variable that makes no sense.
[[nodiscard]] settings decide_settings(scheduler_options&& options);

}  // namespace filch::inline v0_1::detail
