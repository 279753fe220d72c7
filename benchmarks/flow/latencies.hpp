// How long each of many waited, and what the table says of it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace peers {

using latency = std::chrono::duration<double, std::micro>;

inline latency mean(const std::vector<latency>& all) {
  return std::accumulate(all.begin(), all.end(), latency(0)) / static_cast<double>(all.size());
}

/// Counts "`what` p50 us", the 99th percentile and the greatest. There must be one.
inline void count(benchmark::State& state, const std::string& what, std::vector<latency> all) {
  std::sort(all.begin(), all.end());
  const auto quantile = [&](std::size_t percent) { return all[(all.size() - 1) * percent / 100].count(); };
  state.counters[what + " p50 us"] = quantile(50);
  state.counters[what + " p99 us"] = quantile(99);
  state.counters[what + " max us"] = quantile(100);
}

}  // namespace peers
