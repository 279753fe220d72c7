// Work of a known cost.
#pragma once

#include <chrono>

namespace peers {

/// Keeps the processor busy. By the clock, so that it is the same for all, in whatever language; who is preempted meanwhile is
/// over no later.
inline void be_busy(std::chrono::nanoseconds how_long) {
  const auto end = std::chrono::steady_clock::now() + how_long;
  while (std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace peers
