// How long a worker that waits looks itself before it sleeps: as long as one without work.
#pragma once

#include <chrono>

#include <filch/detail/base/pause.hpp>

namespace filch::inline v0_1::detail {

enum class glance {
  nothing,
  busy,  // it was worth looking: the time begins anew
  done
};

/// Calls `look()` until it is done, or has seen nothing for as long as `spin`. Whether it is done.
template <class Look>
bool look_for_a_while(std::chrono::nanoseconds spin, Look&& look) {
  using clock = std::chrono::steady_clock;
  constexpr unsigned looks_between_clock_reads = 16;
  constexpr unsigned pauses_after_a_look = 4;
  auto until = clock::time_point::max();
  for (;;) {
    for (unsigned looks = 0; looks != looks_between_clock_reads; ++looks) {
      const glance seen = look();
      if (seen == glance::done) return true;
      if (seen == glance::busy) until = clock::time_point::max();
      for (unsigned turn = 0; turn != pauses_after_a_look; ++turn) pause();
    }
    const auto now = clock::now();
    if (until == clock::time_point::max()) until = now + spin;
    if (now < until) continue;
    const glance last = look();
    if (last != glance::busy) return last == glance::done;
    until = clock::time_point::max();
  }
}

}  // namespace filch::inline v0_1::detail
