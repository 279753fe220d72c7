// How well a limiter keeps its rate by the real clock, up to what a pool's timers can hand over.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include <benchmark/benchmark.h>

#include <filch/filch.hpp>

namespace {

using steady = std::chrono::steady_clock;

// As many tasks as come in a second, submitted at once; what is counted is their rate between the first and the last.
void keeps_its_rate(benchmark::State& state) {
  const auto rate = state.range(0);
  double kept = 0;
  for (auto _ : state) {
    filch::scheduler pool;
    filch::rate_limiter limiter(static_cast<double>(rate));
    std::atomic<steady::rep> last{0};
    const steady::time_point first = steady::now();
    for (std::int64_t i = 0; i <= rate; ++i)
      (void)filch::submit(pool, {.limiter = &limiter}, [&] {
        last.store(steady::now().time_since_epoch().count(), std::memory_order_relaxed);
      });
    pool.wait_idle();
    const steady::time_point end{steady::duration(last.load())};
    kept = static_cast<double>(rate) / std::chrono::duration<double>(end - first).count();
  }
  state.counters["rate"] = kept;
  state.counters["of what was asked"] = kept / static_cast<double>(rate);
}

BENCHMARK(keeps_its_rate)
    ->Arg(1)
    ->Arg(100)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
