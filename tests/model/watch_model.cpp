// Who watches over a pool sleeps while all its workers do, and never beside one that is awake.
#include "model_pool.hpp"

namespace filch::model {
namespace {

/// A task that does not end before the watcher has seen that it runs.
struct seen_task final : task_node {
  milestone runs_now;
  milestone seen;
  void run(worker&) override {
    runs_now.reach_one_more();
    seen.wait_for(1);
  }
};

template <class Derived, unsigned Workers, unsigned Tasks, unsigned Groups = 1>
struct watched : pool_scenario<Derived, Workers, 0, Groups, 2> {
  seen_task tasks[Tasks];

  void drive(unsigned index) {
    if (index == 0) return watch();
    for (seen_task& each : tasks) {
      for (unsigned turns = rl::rand(10); turns != 0; --turns) relacy_atomics::pause();
      this->pool.submit(each);
      if (rl::rand(2) == 0) each.seen.wait_for(1);
    }
  }

  // Looks at the tasks, and sleeps when nobody is awake who could run one.
  void watch() {
    unsigned left = Tasks;
    std::uint32_t told = 0;
    while (left != 0) {
      for (seen_task& each : tasks)
        if (each.runs_now.count() == 1 && each.seen.count() == 0) {
          each.seen.reach_one_more();
          --left;
        }
      if (left == 0) return;
      if (!this->pool.watch_for_work()) {
        relacy_atomics::pause();
        continue;
      }
      while (this->pool.service().told.load(std::memory_order_acquire) == told)
        relacy_atomics::wait(this->pool.service().told, told);
      told = this->pool.service().told.load(std::memory_order_acquire);
    }
  }

  void check_idle() {
    for (seen_task& each : tasks) RL_ASSERT(each.runs == 1);
  }
};

struct one_worker : watched<one_worker, 1, 3> {};
struct two_workers : watched<two_workers, 2, 3> {};
struct two_groups : watched<two_groups, 2, 2, 2> {};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<one_worker>("one worker", 20'000),
      executed<two_workers>("two workers", 20'000),
      executed<two_groups>("two groups", 20'000),
  });
}
