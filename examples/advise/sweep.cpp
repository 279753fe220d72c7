#include "sweep.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

#include <filch/filch.hpp>

namespace advise {

namespace {

constexpr double good_enough = 0.95;

// A task that comes again until it is told to stop; a few of them for each worker, so that there is always one more.
class treadmill {
 public:
  treadmill(filch::scheduler& pool, const spinner& by, const load& of) : pool_(pool), spinner_(by), load_(of) {}

  void begin(unsigned how_many) {
    for (unsigned i = 0; i != how_many; ++i) pool_.post([this] { turn(); });
  }
  [[nodiscard]] std::uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }
  void end() {
    over_.store(true, std::memory_order_relaxed);
    pool_.wait_idle();
  }

 private:
  void turn() {
    if (over_.load(std::memory_order_relaxed)) return;
    spinner_.compute(load_.computes);
    if (load_.waits.count() != 0) std::this_thread::sleep_for(load_.waits);
    turns_.fetch_add(1, std::memory_order_relaxed);
    pool_.post([this] { turn(); });
  }

  filch::scheduler& pool_;
  const spinner& spinner_;
  const load load_;
  std::atomic<std::uint64_t> turns_{0};
  std::atomic<bool> over_{false};
};

double throughput(const load& of, const spinner& by, unsigned workers, std::chrono::milliseconds time) {
  using clock = std::chrono::steady_clock;
  filch::scheduler pool({.workers = workers, .name = "advise"});
  treadmill all(pool, by, of);
  all.begin(2 * workers);
  const auto until_all_are_busy = std::max<std::chrono::nanoseconds>(2 * (of.computes + of.waits), time / 10);
  std::this_thread::sleep_for(until_all_are_busy);
  const std::uint64_t before = all.turns();
  const clock::time_point began = clock::now();
  std::this_thread::sleep_for(time);
  const std::uint64_t done = all.turns() - before;
  const std::chrono::duration<double> took = clock::now() - began;
  all.end();
  return static_cast<double>(done) / took.count();
}

// 1, 2, 3, 4, 6, 8, 12, 16, 24 ...
unsigned next_after(unsigned workers) {
  if (workers < 4) return workers + 1;
  const bool is_power = (workers & (workers - 1)) == 0;
  return is_power ? workers + workers / 2 : workers + workers / 3;
}

}  // namespace

double point::median() const {
  std::vector<double> sorted = measured;
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() / 2];
}

std::vector<point> sweep(const load& of, const sweep_options& how) {
  const spinner by;
  std::vector<point> all;
  double best = 0;
  unsigned no_better = 0;
  for (unsigned workers = 1; workers <= how.most && no_better != 2; workers = next_after(workers)) {
    const double now = throughput(of, by, workers, how.each);
    all.push_back({workers, {now}});
    no_better = now > best * 1.02 ? 0 : no_better + 1;
    best = std::max(best, now);
  }
  for (unsigned round = 1; round < how.rounds; ++round)
    for (point& each : all) each.measured.push_back(throughput(of, by, each.workers, how.each));
  return all;
}

const point& advised(const std::vector<point>& swept) {
  double best = 0;
  for (const point& each : swept) best = std::max(best, each.median());
  return *std::find_if(swept.begin(), swept.end(), [&](const point& each) { return each.median() >= good_enough * best; });
}

}  // namespace advise
