// How often a job is tried, and how long it waits in between.
#pragma once

#include <chrono>
#include <exception>
#include <functional>

namespace filch::inline v0_1 {

/// For designated initialisers: `filch::submit(pool, {.retry = {.attempts = 5, .wait = 50ms}}, f)`.
///
/// After the n-th failure a job waits for `wait * factor^(n-1)`, `longest` at most, of which a share is left to chance, so that
/// those that failed together do not come back together (M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog,
/// 2015). It holds neither a worker nor a thread meanwhile.
struct retry_options {
  /// How many attempts at most, the first one included: 1 to 1,000,000. Default: 1, none but the first. What each threw is kept
  /// until the job is over.
  int attempts = 1;

  /// The longest wait before the second attempt. Default: 100 ms.
  std::chrono::nanoseconds wait = std::chrono::milliseconds(100);

  /// How much longer each further wait is, at least 1. Default: twice as long.
  double factor = 2;

  /// No wait is longer. Default: 30 s.
  std::chrono::nanoseconds longest = std::chrono::seconds(30);

  /// The share of each wait that chance may leave out, 0 to 1. Default: a half.
  double jitter = 0.5;

  /// Asked on the worker whether what an attempt threw is worth another one. Default: everything is. What it throws itself
  /// takes that place, and ends the job. It should not wait, nor submit through the gate of the job.
  std::function<bool(const std::exception_ptr&)> when{};
};

}  // namespace filch::inline v0_1
