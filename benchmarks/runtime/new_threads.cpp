// What the first tasks of a thread cost that has never met the pool: for one of the first such threads, and for one that comes
// after ten thousand others have come and gone.
#include <chrono>
#include <thread>

#include "peers/all.hpp"

namespace {

using namespace peers;

constexpr long few = 100;
constexpr long sum_of_few = few * (few - 1) / 2;

/// In a thread of its own. The time it took there, without that of the thread.
template <class Peer>
std::chrono::duration<double> first_tasks(benchmark::State& state, Peer& peer) {
  std::chrono::duration<double> took{};
  std::thread([&] {
    const auto began = std::chrono::steady_clock::now();
    (void)expect(state, peer.sum_of(few, identity), sum_of_few);
    took = std::chrono::steady_clock::now() - began;
  }).join();
  return took;
}

template <class Peer, int Before>
void of_a_new_thread(benchmark::State& state) {
  Peer peer(workers());
  for (int i = 0; i != Before; ++i) (void)first_tasks(state, peer);
  for (auto _ : state) state.SetIterationTime(first_tasks(state, peer).count());
}

// Each of the few iterations is one more thread, so their number is fixed.
const bool added = [] {
  for_each([]<class Peer>() {
    if constexpr (Peer::serves_several_threads)
      add<Peer>("100 tasks from a new thread", &of_a_new_thread<Peer, 0>, timed_by::turn)->Iterations(500);
  });
  for_each([]<class Peer>() {
    if constexpr (Peer::serves_several_threads)
      add<Peer>("100 tasks from a new thread after 10000", &of_a_new_thread<Peer, 10'000>, timed_by::turn)->Iterations(500);
  });
  return true;
}();

}  // namespace
