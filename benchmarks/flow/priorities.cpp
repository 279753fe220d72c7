// How long an urgent task waits while a long backlog of others keeps all workers busy. The time is the mean from submit to
// start.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <stop_token>
#include <thread>
#include <vector>

#include "flow/busy.hpp"
#include "flow/latencies.hpp"
#include "peers/all.hpp"

namespace {

using namespace peers;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr std::int64_t depth = 1'000;
constexpr std::chrono::nanoseconds cost = 10us;
constexpr std::chrono::nanoseconds pause = 1ms;
constexpr int urgent_tasks = 300;

template <filch::priority Urgent>
class filch_ranks {
 public:
  static constexpr const char* name = Urgent == filch::priority::high ? "filch" : "filch without";

  template <class F>
  void post(F function) {
    pool_.post(function);
  }
  /// When it has started.
  steady::time_point run_urgent() { return pool_.submit({.priority = Urgent}, &steady::now).get(); }

 private:
  filch::scheduler pool_{{.workers = workers()}};
};

#if PEER_TBB
/// Priorities are those of arenas, between which the workers move.
class tbb_arenas {
 public:
  static constexpr const char* name = "tbb enqueue";

  template <class F>
  void post(F function) {
    normal_.enqueue(function);
  }
  steady::time_point run_urgent() {
    std::promise<steady::time_point> started;
    urgent_.enqueue([&started] { started.set_value(steady::now()); });
    return started.get_future().get();
  }

 private:
  tbb::global_control limit_{tbb::global_control::max_allowed_parallelism, workers() + 1};
  tbb::task_arena normal_{static_cast<int>(workers()), 0};
  tbb::task_arena urgent_{static_cast<int>(workers()), 0, tbb::task_arena::priority::high};
};
#endif

/// Keeps about `depth` tasks before the workers, from a thread of its own that looks once a millisecond.
template <class Pool>
class backlog {
 public:
  explicit backlog(Pool& pool) : pool_(pool) {
    fill();
    feeder_ = std::jthread([this](const std::stop_token& stop) {
      for (; !stop.stop_requested(); std::this_thread::sleep_for(pause)) fill();
    });
  }
  ~backlog() {
    feeder_.request_stop();
    feeder_.join();
    while (done() != posted_) std::this_thread::sleep_for(pause);
  }
  backlog(const backlog&) = delete;
  backlog& operator=(const backlog&) = delete;

  [[nodiscard]] std::int64_t done() const { return done_.load(); }

 private:
  void fill() {
    for (; posted_ - done_.load() < depth; ++posted_)
      pool_.post([this] {
        be_busy(cost);
        done_.fetch_add(1);
      });
  }

  Pool& pool_;
  std::int64_t posted_ = 0;
  std::atomic<std::int64_t> done_{0};
  std::jthread feeder_;
};

template <class Pool>
void urgent(benchmark::State& state) {
  Pool pool;
  const backlog behind(pool);
  std::vector<latency> waits;
  const std::int64_t done_before = behind.done();
  const steady::time_point began = steady::now();
  for (auto _ : state) {
    std::this_thread::sleep_for(pause);
    const steady::time_point submitted = steady::now();
    waits.push_back(pool.run_urgent() - submitted);
    state.SetIterationTime(std::chrono::duration<double>(waits.back()).count());
  }
  const std::chrono::duration<double> passed = steady::now() - began;
  state.counters["normal tasks a second"] = static_cast<double>(behind.done() - done_before) / passed.count();
  count(state, "wait", waits);
}

const bool added = [] {
  const auto visit = []<class Pool>() {
    add<Pool>("urgent task under saturation", &urgent<Pool>, timed_by::turn)->Iterations(urgent_tasks);
  };
  visit.operator()<filch_ranks<filch::priority::high>>();
#if PEER_TBB
  visit.operator()<tbb_arenas>();
#endif
  visit.operator()<filch_ranks<filch::priority::normal>>();
  return true;
}();

}  // namespace
