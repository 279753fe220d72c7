// A task from outside whose result is awaited, one after the other: while the workers are awake, and when they have had nothing
// to do for a millisecond. The median of all.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "suite/concepts.hpp"
#include "suite/measurement.hpp"

namespace suite {

template <round_trip_runtime Runtime>
measurement pings(Runtime& runtime, long count, std::chrono::milliseconds idle) {
  using clock = std::chrono::steady_clock;
  std::vector<double> microseconds;
  microseconds.reserve(static_cast<std::size_t>(count));
  bool right = true;
  const passage passed = timed([&] {
    for (long i = 0; i != count; ++i) {
      if (idle != idle.zero()) std::this_thread::sleep_for(idle);
      const auto begun = clock::now();
      right = runtime.round_trip([i] { return i; }) == i && right;
      microseconds.push_back(std::chrono::duration<double, std::micro>(clock::now() - begun).count());
    }
  });
  const auto middle = microseconds.begin() + count / 2;
  std::ranges::nth_element(microseconds, middle);
  return {.value = *middle, .unit = "us", .right = right, .passed = passed};
}

struct ping_awake {
  static constexpr const char* name = "ping_awake";

  template <round_trip_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    return pings(runtime, pick(size, 50'000L, 5'000L, 20L), {});
  }
};

struct ping_idle {
  static constexpr const char* name = "ping_idle";

  template <round_trip_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    return pings(runtime, pick(size, 1'000L, 100L, 5L), std::chrono::milliseconds(1));
  }
};

}  // namespace suite
