// What it costs to bound how many tasks are under way: a gate, and a std::counting_semaphore before pools that have none.
#include <atomic>
#include <cstddef>
#include <semaphore>
#include <utility>

#include "flow/bounded_pools.hpp"

namespace {

using namespace peers;

constexpr std::ptrdiff_t places = 1'000;

/// Each submission acquires, each task releases.
template <class Pool>
class semaphore_over {
 public:
  static constexpr const char* name = Pool::name;

  explicit semaphore_over(std::ptrdiff_t capacity) : capacity_(capacity), free_(capacity) {}

  template <class F>
  void submit(F function) {
    free_.acquire();
    pool_.post([this, function = std::move(function)] {
      function();
      free_.release();
    });
  }
  void wait() {
    for (std::ptrdiff_t i = 0; i != capacity_; ++i) free_.acquire();
    free_.release(capacity_);
  }

 private:
  std::ptrdiff_t capacity_;
  std::counting_semaphore<> free_;
  Pool pool_;
};

template <class Pool>
void bounded(benchmark::State& state) {
  const long tasks = state.range(0);
  Pool pool(places);
  for (auto _ : state) {
    std::atomic<long> done{0};
    for (long i = 0; i != tasks; ++i) pool.submit([&done] { done.fetch_add(1, std::memory_order_relaxed); });
    pool.wait();
    if (!expect(state, done.load(), tasks)) break;
  }
  state.SetItemsProcessed(state.iterations() * tasks);
}

// Where there is no bound, a million tasks would be a million in memory.
const bool added = [] {
  constexpr const char* million = "a million tasks, 1000 at a time";
  constexpr const char* thousand = "a thousand tasks, 1000 at a time";
  for_each_bounded<semaphore_over>([]<class Pool>() { add<Pool>(million, &bounded<Pool>)->Arg(1'000'000); });
  for_each_bounded<semaphore_over>([]<class Pool>() { add<Pool>(thousand, &bounded<Pool>)->Arg(1'000); });
  add<no_bound>(thousand, &bounded<no_bound>)->Arg(1'000);
  return true;
}();

}  // namespace
