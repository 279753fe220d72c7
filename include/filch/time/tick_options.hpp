// What can be said of a call that is repeated.
#pragma once

#include <chrono>
#include <optional>

#include <filch/task/task_options.hpp>

namespace filch::inline v0_1 {

/// What the period of submit_every() is measured from.
enum class pace {
  fixed_rate,  ///< From the moment the last call was due: so many calls an hour, however long each takes.
  fixed_delay  ///< From the end of the last call: always a pause of this length.
};

/// What becomes of calls at a fixed rate that were due while the last one still ran, or waited for a worker.
enum class missed {
  skip,     ///< They are left out; the next comes with the first multiple of the period that is not over, so the rhythm stays.
  catch_up  ///< They follow at once, one after the other.
};

/// For designated initialisers: `submit_every(pool, 1s, {.first = 0s}, f)`.
struct tick_options {
  /// Default: one period. How long the first call waits, up to 292 years; less than zero counts as zero.
  std::optional<std::chrono::nanoseconds> first{};
  /// Default: a fixed rate.
  filch::pace pace = filch::pace::fixed_rate;
  /// Default: they are left out. Says nothing at a fixed delay, where none is missed.
  filch::missed missed = filch::missed::skip;
  /// Of each call. A stop request ends the series, and tells a call that runs and takes a token.
  task_options task{};
};

}  // namespace filch::inline v0_1
