// What can be said of an admission gate.
#pragma once

#include <cstdint>

namespace filch::inline v0_1 {

/// What becomes of a submission from outside the pool when no place is free.
enum class when_full : unsigned char {
  block,       // it waits, behind those that have come before
  reject,      // it throws rejected
  caller_runs  // the submitting thread runs the task itself, at once
};

/// For designated initialisers: `admission_gate gate({.capacity = 1'000, .when_full = filch::when_full::reject})`.
struct admission_options {
  /// Must be given: how many tasks may be admitted and not over at the same time, from 1 to 2^48. Costs nothing.
  std::int64_t capacity = 0;

  /// Default: block. For filch::submit(); try_submit() and submit_for() say themselves how long they wait.
  filch::when_full when_full = filch::when_full::block;
};

}  // namespace filch::inline v0_1
