// What it costs to bound how many tasks are under way: a gate, against a std::counting_semaphore that each submission acquires
// and each task releases, over the same pool and over Asio's.
#include <atomic>
#include <cstdint>
#include <semaphore>
#include <utility>

#include "peers/all.hpp"

#if PEER_ASIO
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#endif

namespace {

using namespace peers;

constexpr std::ptrdiff_t places = 1'000;

class gate {
 public:
  static constexpr const char* name = "filch";

  template <class F>
  void submit(F function) {
    (void)filch::submit(pool_, {.gate = &gate_}, std::move(function));
  }
  void wait() { pool_.wait_idle(); }

 private:
  filch::scheduler pool_{{.workers = workers()}};
  filch::admission_gate gate_{{.capacity = places}};
};

class semaphore_over_filch {
 public:
  static constexpr const char* name = "semaphore over filch";

  template <class F>
  void submit(F function) {
    free_.acquire();
    (void)pool_.submit([this, function = std::move(function)] {
      function();
      free_.release();
    });
  }
  void wait() { pool_.wait_idle(); }

 private:
  std::counting_semaphore<> free_{places};
  filch::scheduler pool_{{.workers = workers()}};
};

#if PEER_ASIO
class semaphore_over_asio {
 public:
  static constexpr const char* name = "semaphore over asio";

  template <class F>
  void submit(F function) {
    free_.acquire();
    boost::asio::post(pool_, [this, function = std::move(function)] {
      function();
      free_.release();
    });
  }
  void wait() {
    for (std::ptrdiff_t i = 0; i != places; ++i) free_.acquire();
    free_.release(places);
  }

 private:
  std::counting_semaphore<> free_{places};
  boost::asio::thread_pool pool_{workers()};
};
#endif

/// Without a bound: what the others cost beside it.
class no_bound {
 public:
  static constexpr const char* name = "filch, no bound";

  template <class F>
  void submit(F function) {
    (void)filch::submit(pool_, {}, std::move(function));
  }
  void wait() { pool_.wait_idle(); }

 private:
  filch::scheduler pool_{{.workers = workers()}};
};

template <class Pool>
void bounded(benchmark::State& state) {
  const long tasks = state.range(0);
  Pool pool;
  for (auto _ : state) {
    std::atomic<long> done{0};
    for (long i = 0; i != tasks; ++i) pool.submit([&done] { done.fetch_add(1, std::memory_order_relaxed); });
    pool.wait();
    if (!expect(state, done.load(), tasks)) break;
  }
  state.SetItemsProcessed(state.iterations() * tasks);
}

const bool added = [] {
  const auto visit = []<class Pool>(bool can_be_full) {
    if (can_be_full) peers::add<Pool>("a million tasks, 1000 at a time", &bounded<Pool>)->Arg(1'000'000)->Iterations(1);
    peers::add<Pool>("a thousand tasks, 1000 at a time", &bounded<Pool>)->Arg(1'000);
  };
  visit.operator()<gate>(true);
  visit.operator()<semaphore_over_filch>(true);
#if PEER_ASIO
  visit.operator()<semaphore_over_asio>(true);
#endif
  visit.operator()<no_bound>(false);
  return true;
}();

}  // namespace
