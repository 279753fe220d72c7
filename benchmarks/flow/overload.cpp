// Ten times more work than the workers can do, for a fifth of a second: who bounds admission and turns the rest away keeps
// what was admitted fast. The time is the mean latency of that, from its arrival to its end.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

#include "flow/bounded_pools.hpp"
#include "flow/busy.hpp"
#include "flow/latencies.hpp"

namespace {

using namespace peers;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr std::ptrdiff_t places = 100;
constexpr std::chrono::nanoseconds cost = 50us;
constexpr std::chrono::nanoseconds tick = 1ms;
constexpr int ticks = 200;

/// How many tasks arrive together, once a tick.
const std::size_t arrivals = 10 * workers() * static_cast<std::size_t>(tick / cost);

/// Each submission takes a place, each task gives it back. No std::counting_semaphore: libstdc++'s try_acquire() yields the
/// processor to the workers several times before it gives up.
template <class Pool>
class places_before {
 public:
  static constexpr const char* name = Pool::name;

  explicit places_before(std::ptrdiff_t capacity) : capacity_(capacity) {}

  template <class F>
  bool try_submit(F function) {
    if (taken_.fetch_add(1) >= capacity_) {
      --taken_;
      return false;
    }
    pool_.post([this, function = std::move(function)] {
      function();
      --taken_;
    });
    return true;
  }
  void wait() {
    while (taken_.load() != 0) std::this_thread::sleep_for(tick);
  }

 private:
  std::ptrdiff_t capacity_;
  std::atomic<std::ptrdiff_t> taken_{0};
  Pool pool_;
};

/// The latencies of what was admitted. What did not run has a negative one.
template <class Pool>
std::vector<latency> latencies_of(Pool& pool) {
  constexpr latency never(-1);
  std::vector<latency> all(ticks * arrivals, never);
  auto next = all.begin();
  const steady::time_point began = steady::now();
  for (int i = 0; i != ticks; ++i) {
    std::this_thread::sleep_until(began + i * tick);
    for (std::size_t k = 0; k != arrivals; ++k) {
      const auto end = [arrived = steady::now(), slot = &*next] {
        be_busy(cost);
        *slot = steady::now() - arrived;
      };
      if (pool.try_submit(end)) ++next;
    }
  }
  pool.wait();
  all.erase(next, all.end());
  return all;
}

template <class Pool>
void overload(benchmark::State& state) {
  Pool pool(places);
  for (auto _ : state) {
    const std::vector<latency> all = latencies_of(pool);
    if (all.empty()) return state.SkipWithError("nothing was admitted");
    if (*std::min_element(all.begin(), all.end()) < cost) return state.SkipWithError("an admitted task did not run");
    state.SetIterationTime(std::chrono::duration<double>(mean(all)).count());
    count(state, "latency", all);
    const auto offered = static_cast<double>(ticks * arrivals);
    state.counters["rejected %"] = 100 * (1 - static_cast<double>(all.size()) / offered);
  }
}

const bool added = [] {
  const auto visit = []<class Pool>() { add<Pool>("ten times overloaded", &overload<Pool>, timed_by::turn)->Iterations(1); };
  for_each_bounded<places_before>(visit);
  visit.operator()<no_bound>();
  return true;
}();

}  // namespace
