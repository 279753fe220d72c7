// skynet: a tree of which each node has ten children, down to a leaf for each number; the sum of the leaves.
#pragma once

#include <array>
#include <cstddef>
#include <numeric>

#include "suite/concepts.hpp"
#include "suite/fan_out.hpp"
#include "suite/measurement.hpp"

namespace suite {

struct skynet {
  static constexpr const char* name = "skynet";

  template <fork_join_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long leaves = pick(size, 100'000'000L, 10'000'000L, 1'000L);
    long answer = 0;
    const passage passed = timed([&] { answer = runtime.run([leaves] { return sum<Runtime>(0, leaves); }); });
    return milliseconds(passed, answer == leaves * (leaves - 1) / 2);
  }

 private:
  template <class Runtime>
  static long sum(long first, long leaves) {
    if (leaves == 1) return first;
    const long share = leaves / 10;
    std::array<long, 10> sums;
    fan_out<Runtime>(sums.size(), [&sums, first, share](std::size_t child) {
      sums[child] = sum<Runtime>(first + static_cast<long>(child) * share, share);
    });
    return std::accumulate(sums.begin(), sums.end(), 0L);
  }
};

}  // namespace suite
