#include "sweep.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <thread>

#include <filch/filch.hpp>

namespace advise {

namespace {

constexpr double good_enough = 0.95;

// A task that comes again until it is told to stop; a few of them for each worker, so that there is always one more.
class treadmill {
 public:
  treadmill(filch::scheduler& pool, const spinner& by, const load& of) : pool_(pool), spinner_(by), load_(of) {}

  ~treadmill() { end(); }
  treadmill(const treadmill&) = delete;
  treadmill& operator=(const treadmill&) = delete;

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

// Over twenty turns of each worker at least, so that it matters little in which part of a turn they are at the ends.
double throughput(const load& of, const spinner& by, unsigned workers, unsigned cores, std::chrono::nanoseconds least) {
  using clock = std::chrono::steady_clock;
  const std::chrono::nanoseconds turn = of.computes * std::max(1U, (workers + cores - 1) / cores) + of.waits;
  filch::scheduler pool({.workers = workers, .name = "advise"});
  treadmill all(pool, by, of);
  all.begin(2 * workers);
  std::this_thread::sleep_for(std::max(2 * turn, least / 10));  // until all are busy
  const clock::time_point began = clock::now();
  const std::uint64_t before = all.turns();
  std::this_thread::sleep_for(std::max(20 * turn, least));
  const std::chrono::duration<double> took = clock::now() - began;
  return static_cast<double>(all.turns() - before) / took.count();
}

// 1, 2, 3, 4, 6, 8, 12, 16, 24 ..., and the cores and the most.
std::set<unsigned> numbers_to_try(unsigned cores, unsigned most) {
  std::set<unsigned> numbers{1, most};
  for (unsigned power = 2; power <= most; power *= 2) numbers.insert({power, power + power / 2});
  numbers.insert(cores);
  numbers.erase(numbers.upper_bound(most), numbers.end());
  return numbers;
}

}  // namespace

double point::median() const {
  std::vector<double> sorted = measured;
  std::sort(sorted.begin(), sorted.end());
  return (sorted[sorted.size() / 2] + sorted[(sorted.size() - 1) / 2]) / 2;
}

// The first round measures twice, since it decides where to end: what is no better must be so both times, and what is
// best must have been so both times.
std::vector<point> sweep(const load& of, const sweep_options& how) {
  const spinner by;
  std::vector<point> all;
  const auto measure = [&](unsigned workers) { return throughput(of, by, workers, how.cores, how.each); };
  double best = 0;
  unsigned no_better = 0;
  for (const unsigned workers : numbers_to_try(how.cores, how.most)) {
    const auto [low, high] = std::minmax({measure(workers), measure(workers)});
    all.push_back({workers, {low, high}});
    no_better = high > best * 1.02 ? 0 : no_better + 1;
    best = std::max(best, low);
    if (no_better == 2) break;
  }
  for (unsigned round = 1; round < how.rounds; ++round)
    for (point& each : all) each.measured.push_back(measure(each.workers));
  if (best_of(all) <= 0) throw std::runtime_error("no task was completed in the time: give it more --milliseconds");
  return all;
}

double best_of(const std::vector<point>& swept) {
  double best = 0;
  for (const point& each : swept) best = std::max(best, each.median());
  return best;
}

const point& advised(const std::vector<point>& swept) {
  const double best = best_of(swept);
  return *std::find_if(swept.begin(), swept.end(), [&](const point& each) { return each.median() >= good_enough * best; });
}

}  // namespace advise
