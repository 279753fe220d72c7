// How many small tasks a second threads outside the pool get done: one, several at the same time, and many at once.
#include <optional>

#include "peers/all.hpp"

namespace {

using namespace peers;

/// One pool for all threads of a run: Google Benchmark has a barrier before the first and after the last iteration.
template <class Peer>
class shared {
 public:
  explicit shared(const benchmark::State& state) : is_owner_(state.thread_index() == 0) {
    if (is_owner_) the_one.emplace(workers());
  }
  ~shared() {
    if (is_owner_) the_one.reset();
  }
  shared(const shared&) = delete;
  shared& operator=(const shared&) = delete;

  static Peer& get() { return *the_one; }

 private:
  static inline std::optional<Peer> the_one;
  bool is_owner_;
};

template <class Peer>
void from_outside(benchmark::State& state) {
  const shared<Peer> peer(state);
  for (auto _ : state)
    if (!expect(state, peer.get().sum_of(batch, identity), sum_of_batch)) break;
  state.SetItemsProcessed(state.iterations() * batch);
}

template <class Peer>
void bulk_from_outside(benchmark::State& state) {
  Peer peer(workers());
  for (auto _ : state)
    if (!expect(state, peer.sum_of_bulk(batch, identity), sum_of_batch)) break;
  state.SetItemsProcessed(state.iterations() * batch);
}

const bool added = [] {
  for_each([]<class Peer>() { add<Peer>("1000 tasks from outside", &from_outside<Peer>); });
  for_each([]<class Peer>() {
    if constexpr (Peer::serves_several_threads) add<Peer>("1000 tasks from 2 threads outside", &from_outside<Peer>)->Threads(2);
  });
  for_each([]<class Peer>() {
    if constexpr (Peer::serves_several_threads) add<Peer>("1000 tasks from 4 threads outside", &from_outside<Peer>)->Threads(4);
  });
  for_each([]<class Peer>() {
    if constexpr (requires(Peer peer) { peer.sum_of_bulk(batch, identity); })
      add<Peer>("1000 tasks from outside, in bulk", &bulk_from_outside<Peer>);
  });
  return true;
}();

}  // namespace
