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
  placement_plan plan;
  unsigned spares;
  chunk_source memory;  // of the workers' tasks
  std::chrono::nanoseconds spin;
  std::string why_workers;  // how many, and the reason
};

/// Throws std::invalid_argument with a sentence for an option or an environment variable that makes no sense.
[[nodiscard]] settings decide_settings(scheduler_options&& options);

}  // namespace filch::inline v0_1::detail
