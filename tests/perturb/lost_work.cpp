#include "perturb/lost_work.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "perturb/schedule.hpp"
#include "runtime/pool_core.hpp"

namespace filch_perturb {

namespace {

using namespace std::chrono_literals;

filch::detail::pool_core& core_of(const filch::scheduler& pool) { return filch::detail::scheduler_access::core(pool); }

bool somebody_is_parked(filch::detail::pool_core& core) {
  for (unsigned group = 0; group != core.group_count(); ++group)
    if (core.word(group).parked() != 0) return true;
  return false;
}

void print_words(const filch::scheduler& pool) {
  filch::detail::pool_core& core = core_of(pool);
  for (unsigned group = 0; group != core.group_count(); ++group) {
    std::cerr << "group " << group << ": " << core.word(group).searchers() << " search, parked bits " << std::hex
              << core.word(group).parked() << std::dec << ", tokens";
    for (unsigned bit = 0; bit != core.group_size(group); ++bit)
      std::cerr << ' ' << core.token(group, bit).word.load(std::memory_order_seq_cst);
    std::cerr << '\n';
  }
  std::cerr << "work visible: " << core.work_visible() << '\n' << pool.metrics() << '\n';
  print_last_points(std::cerr);
}

/// One thread for all pools of the process.
class watchdog {
 public:
  void add(const filch::scheduler& pool) {
    const std::scoped_lock lock(mutex_);
    watched_.push_back({&pool});
  }
  void remove(const filch::scheduler& pool) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(watched_, [&](const entry& each) { return each.pool == &pool; });
  }

 private:
  static constexpr auto period = 50ms;
  static constexpr int turns_of_a_second = 20;
  // Who is to end has only been told, and may wait long for a CPU.
  static constexpr int turns_of_ten_seconds = 200;

  struct entry {
    const filch::scheduler* pool;
    int lost = 0;
    int late = 0;
  };

  void watch(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      (void)wake_.wait_for(lock, stop, period, [] { return false; });
      for (entry& each : watched_) {
        each.lost = looks_lost(*each.pool) ? each.lost + 1 : 0;
        if (each.lost == turns_of_a_second)
          report(*each.pool, "work has been visible for a second beside a parked worker while nobody searched");
        each.late = is_parked_at_the_end(*each.pool) ? each.late + 1 : 0;
        if (each.late == turns_of_ten_seconds)
          report(*each.pool, "a worker has been parked for ten seconds although its pool ends");
      }
    }
  }

  [[noreturn]] static void report(const filch::scheduler& pool, const char* what) {
    std::cerr << what << '\n';
    print_words(pool);
    std::abort();
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<entry> watched_;
  std::jthread thread_{[this](const std::stop_token& stop) { watch(stop); }};
};

watchdog& the_watchdog() {
  static watchdog one;
  return one;
}

}  // namespace

bool looks_lost(const filch::scheduler& pool) {
  filch::detail::pool_core& core = core_of(pool);
  for (unsigned group = 0; group != core.group_count(); ++group)
    if (core.word(group).searchers() != 0) return false;
  return somebody_is_parked(core) && core.work_visible() && !core.stopping();
}

bool is_parked_at_the_end(const filch::scheduler& pool) {
  filch::detail::pool_core& core = core_of(pool);
  return core.stopping() && somebody_is_parked(core);
}

lost_work_watch::lost_work_watch(const filch::scheduler& pool) : pool_(pool) { the_watchdog().add(pool); }
lost_work_watch::~lost_work_watch() { the_watchdog().remove(pool_); }

}  // namespace filch_perturb
