// How often a task makes somebody go to the heap, once the pool has warmed up. The vector of futures or results of a
// batch is counted with it: one allocation for a thousand tasks.
#include "peers/all.hpp"
#include "runtime/counting_heap.hpp"

namespace {

using namespace peers;

template <class Measure>
void count_allocations(benchmark::State& state, const Measure& measure) {
  constexpr int warm_up = 50;
  for (int i = 0; i != warm_up; ++i)
    if (!expect(state, measure(), sum_of_batch)) return;
  const std::uint64_t before = heap_allocations();
  for (auto _ : state)
    if (!expect(state, measure(), sum_of_batch)) break;
  state.counters["heap allocations per task"] =
      static_cast<double>(heap_allocations() - before) / static_cast<double>(state.iterations() * batch);
}

template <class Peer>
void from_outside(benchmark::State& state) {
  Peer peer(workers());
  count_allocations(state, [&] { return peer.sum_of(batch, identity); });
}

template <class Peer>
void from_worker(benchmark::State& state) {
  Peer peer(workers());
  count_allocations(state, [&] { return peer.sum_from_worker(batch, identity); });
}

const bool added = [] {
  for_each([]<class Peer>() { add<Peer>("tasks from outside", &from_outside<Peer>)->Iterations(200); });
  for_each([]<class Peer>() {
    if constexpr (requires(Peer peer) { peer.sum_from_worker(batch, identity); })
      add<Peer>("tasks from a worker", &from_worker<Peer>)->Iterations(200);
  });
  return true;
}();

}  // namespace
