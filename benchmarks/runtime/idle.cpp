// What a pool costs that has nothing to do: CPU time and context switches of the process in one second.
#include <chrono>
#include <thread>

#include <sys/resource.h>

#include "peers/all.hpp"

namespace {

using namespace peers;

struct usage {
  double cpu_seconds;
  double context_switches;
};

usage usage_so_far() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds(used.ru_utime) + seconds(used.ru_stime), static_cast<double>(used.ru_nvcsw + used.ru_nivcsw)};
}

// The measuring thread sleeps as well: one switch is its own.
template <class Peer>
void idle(benchmark::State& state) {
  Peer peer(workers());
  (void)peer.sum_of(batch, identity);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const usage before = usage_so_far();
  for (auto _ : state) std::this_thread::sleep_for(std::chrono::seconds(1));
  const usage after = usage_so_far();
  state.counters["idle CPU ms"] = (after.cpu_seconds - before.cpu_seconds) * 1e3;
  state.counters["idle context switches"] = after.context_switches - before.context_switches;
}

const bool added = [] {
  for_each([]<class Peer>() { add<Peer>("one idle second", &idle<Peer>)->Iterations(1); });
  return true;
}();

}  // namespace
