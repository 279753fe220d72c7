// What can be said of a loop.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

namespace filch::inline v0_1 {

/// For designated initialisers: `filch::parallel_for(0, n, body, {.grain = 64, .stop = source.get_token()})`.
struct loop_options {
  /// Default: each algorithm says its own. How many iterations stay together, at least 1: a piece of fewer than twice as many
  /// is never split. A small grain costs some nanoseconds each; a large one leaves workers idle, and a stop request waits for
  /// it.
  std::optional<std::int64_t> grain{};

  /// Default: none. After a stop request nothing more is begun, and once what runs has ended the call throws task_cancelled,
  /// unless nothing was left out. To stop with its pool, a loop gets the token of the task that it is in. Costs a look at the
  /// token now and then.
  std::stop_token stop{};
};

}  // namespace filch::inline v0_1
