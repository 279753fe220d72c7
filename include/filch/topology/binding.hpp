// Asking where the calling thread may run, and binding it. A request to bind can be refused, ignored, or
// carried out in part, so the outcome is what the system says afterwards, not what the request returned.
#pragma once

#include <filch/topology/cpu_set.hpp>

#include <string>

namespace filch::inline v0_1 {

/// How an attempt to bind a thread ended.
enum class bind_outcome {
  bound,          ///< the thread runs where it was asked to, read back
  not_supported,  ///< this system cannot bind threads or cannot say where they run
  refused,        ///< the operating system said no
  differs,        ///< it said yes, but the thread may run elsewhere
};

/// The outcome, and what to tell the user.
struct bind_result {
  bind_outcome outcome = bind_outcome::not_supported;
  cpu_set now;           ///< where the thread may run after the attempt, as far as can be said
  std::string sentence;  ///< for a warning; empty if the thread is bound

  [[nodiscard]] bool ok() const noexcept { return outcome == bind_outcome::bound; }
};

/// The processors on which the calling thread may run: what it inherited from `taskset`, its parent or its
/// pool. Where the system cannot say, all that `topology::detect()` allows.
///
/// Thread safety: any thread. Blocking: the first call detects the topology. Throws: `topology::detect()`'s.
[[nodiscard]] cpu_set current_thread_cpus();

/// Binds the calling thread to `cpus` and reads back whether that happened. Failure is an answer, to be
/// printed and lived with: the thread then runs where it did before.
///
/// Thread safety: any thread. Blocking: the first call detects the topology. Throws nothing.
[[nodiscard]] bind_result bind_current_thread(const cpu_set& cpus) noexcept;

}  // namespace filch::inline v0_1
