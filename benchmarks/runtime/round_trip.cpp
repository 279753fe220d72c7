// How long one task takes, there and back: while the pool is awake, and when it has gone to sleep.
#include <chrono>
#include <thread>

#include "peers/all.hpp"

namespace {

using namespace peers;

constexpr auto answer = [] { return 42L; };

template <class Peer>
void awake(benchmark::State& state) {
  Peer peer(workers());
  for (auto _ : state)
    if (!expect(state, peer.round_trip(answer), 42)) break;
}

template <class Peer>
void asleep(benchmark::State& state) {
  using clock = std::chrono::steady_clock;
  Peer peer(workers());
  for (auto _ : state) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const auto began = clock::now();
    if (!expect(state, peer.round_trip(answer), 42)) break;
    state.SetIterationTime(std::chrono::duration<double>(clock::now() - began).count());
  }
}

const bool added = [] {
  for_each([]<class Peer>() {
    if constexpr (requires(Peer peer) { peer.round_trip(answer); }) add<Peer>("round trip, awake", &awake<Peer>);
  });
  for_each([]<class Peer>() {
    if constexpr (requires(Peer peer) { peer.round_trip(answer); })
      add<Peer>("round trip, asleep", &asleep<Peer>, timed_by::turn)->Iterations(200);
  });
  return true;
}();

}  // namespace
