// What can be said of a stream of results.
#pragma once

#include <cstdint>
#include <optional>

#include <filch/task/task_options.hpp>

namespace filch::inline v0_1 {

/// Which result of map() comes next.
enum class result_order : unsigned char {
  submission,  ///< That of the next input: one that takes long holds up those behind it.
  completion   ///< The one that is ready first. map_result::index() says whose it is.
};

/// For designated initialisers: `filch::map(pool, urls, fetch, {.order = filch::result_order::completion, .window = 64})`.
struct map_options {
  /// Default: that of the inputs.
  result_order order = result_order::submission;

  /// Default: twice as many as the pool may have workers. How many elements there may be at once, at least 1: those that are
  /// queued, run, or are ready and wait for the consumer, and the one that the consumer looks at. Costs memory for so many
  /// elements and results. A window of some hundreds keeps the workers busy while the consumer does something else.
  std::optional<std::int64_t> window{};

  /// Of each element's task. A stop request also ends the inputs: no more are taken.
  task_options task{};
};

}  // namespace filch::inline v0_1
