// How many small tasks a second tasks get done: a flat batch, and a tree.
#include "peers/all.hpp"

namespace {

using namespace peers;

template <class Peer>
void flat(benchmark::State& state) {
  Peer peer(workers());
  for (auto _ : state)
    if (!expect(state, peer.sum_from_worker(batch, identity), sum_of_batch)) break;
  state.SetItemsProcessed(state.iterations() * batch);
}

// fibonacci(20) is 10945 spawned tasks.
template <class Peer>
void tree(benchmark::State& state) {
  Peer peer(workers());
  for (auto _ : state)
    if (!expect(state, peer.fibonacci(20), 6765)) break;
  state.SetItemsProcessed(state.iterations() * 10945);
}

const bool added = [] {
  for_each([]<class Peer>() {
    if constexpr (requires(Peer peer) { peer.sum_from_worker(batch, identity); })
      add<Peer>("1000 tasks from a worker", &flat<Peer>);
  });
  for_each([]<class Peer>() {
    if constexpr (requires(Peer peer) { peer.fibonacci(0); }) add<Peer>("fibonacci(20)", &tree<Peer>);
  });
  return true;
}();

}  // namespace
