// filch and its peers, as far as they are installed: CMake defines PEER_TBB, PEER_ASIO and PEER_OPENMP as 0 or 1.
#pragma once

#include <string>
#include <thread>

#include <benchmark/benchmark.h>

#include "peers/filch_pool.hpp"
#include "peers/mutex_pool.hpp"
#include "peers/std_async.hpp"
#if PEER_TBB
#include "peers/tbb_arena.hpp"
#endif
#if PEER_ASIO
#include "peers/asio_pool.hpp"
#endif
#if PEER_OPENMP
#include "peers/openmp_team.hpp"
#endif

namespace peers {

/// The same for all.
inline unsigned workers() { return std::thread::hardware_concurrency(); }

/// Calls `visit.operator()<Peer>()` for each, filch first.
template <class Visit>
void for_each(const Visit& visit) {
  visit.template operator()<filch_pool>();
#if PEER_TBB
  visit.template operator()<tbb_arena>();
  visit.template operator()<tbb_enqueue>();
#endif
#if PEER_OPENMP
  visit.template operator()<openmp_team>();
#endif
#if PEER_ASIO
  visit.template operator()<asio_pool>();
#endif
  visit.template operator()<mutex_pool>();
  visit.template operator()<std_async>();
}

/// Whose time counts: what passes between the start and the end of each turn of the loop, or what the turn itself says.
enum class timed_by { loop, turn };

/// Adds "workload/peer", which benchmarks/ratios.awk takes apart. Beside the time that passes, the CPU time of all
/// threads of the process is measured.
template <class Peer>
benchmark::internal::Benchmark* add(const char* workload, void (*run)(benchmark::State&),
                                    timed_by who = timed_by::loop) {
  auto* const added = benchmark::RegisterBenchmark((std::string(workload) + '/' + Peer::name).c_str(), run);
  added->MeasureProcessCPUTime();
  return who == timed_by::loop ? added->UseRealTime() : added->UseManualTime();
}

/// Whether the answer is right; if not the benchmark fails, and must end its loop.
inline bool expect(benchmark::State& state, long answer, long expected) {
  if (answer != expected) state.SkipWithError("wrong answer");
  return answer == expected;
}

/// A batch of the smallest tasks, so that what is measured is their management.
inline constexpr long batch = 1000;
inline constexpr long sum_of_batch = batch * (batch - 1) / 2;
inline constexpr auto identity = [](long i) { return i; };

}  // namespace peers
