// Waiting until a pool is idle: everything that was submitted before, and all that it has caused, is done when the wait
// returns, and it does return.
#include "model_pool.hpp"

namespace filch::model {
namespace {

/// Two ledgers and the sum alone: a task spawns another one on the other thread. Whoever finds the sums equal finds both
/// effects, without any other order.
struct sums_alone : scenario<3> {
  detail::task_ledger<relacy_atomics> ledgers[3];
  atomic<unsigned> queue[2]{};
  plain<int> effects[2];
  plain<int> last_effect{0};  // of the first task, after it has queued the second

  void before() override {
    effects[0] = 0;
    effects[1] = 0;
    ledgers[2].count_spawned(1);  // the first task was queued by the observer
    queue[0].store(1, std::memory_order_release);
  }

  void thread(unsigned index) override {
    if (index == 2) {
      while (!detail::balance_of([&](auto&& visit) {
                for (auto& each : ledgers) visit(each);
              }).idle())
        relacy_atomics::pause();
      RL_ASSERT(effects[0] == 1);
      RL_ASSERT(effects[1] == 1);
      RL_ASSERT(last_effect == 1);
      return;
    }
    while (queue[index].load(std::memory_order_acquire) == 0) relacy_atomics::pause();
    effects[index] = 1;
    if (index == 0) {
      ledgers[0].count_spawned(1);
      queue[1].store(1, std::memory_order_release);
      last_effect = 1;
    }
    ledgers[index].count_finished();
  }
};

/// A task that spawns one that spawns one, on whichever worker takes it.
struct chain_link final : task_node {
  chain_link* next = nullptr;
  plain<int> effect{0};
  void run(worker& by) override {
    effect = 1;
    if (next != nullptr) by.submit(*next);
  }
  void run_outside() override { effect = 1; }
};

struct chain {
  static constexpr unsigned length = 3;
  chain_link links[length];
  chain() {
    for (unsigned i = 0; i + 1 != length; ++i) links[i].next = &links[i + 1];
  }
  void check() {
    for (chain_link& each : links) RL_ASSERT(each.effect == 1);
  }
};

template <class Derived, unsigned Workers, unsigned Drivers>
struct chains : pool_scenario<Derived, Workers, 0, 1, Drivers> {
  chain of_driver[Drivers][2];

  void drive(unsigned index) {
    for (chain& each : of_driver[index]) {
      this->pool.submit(each.links[0]);
      RL_ASSERT(this->pool.wait_until_idle(std::nullopt));
      each.check();
    }
  }
};
struct one_worker : chains<one_worker, 1, 1> {};
struct two_workers : chains<two_workers, 2, 1> {};
struct two_who_wait : chains<two_who_wait, 2, 2> {};

/// A thread outside takes some of the tasks and ends them, as cancelling does: it tells who waits, and it is gone when the
/// pool has been left by all.
struct ended_outside : pool_scenario<ended_outside, 1, 0, 1, 2> {
  chain_link tasks[3];

  void drive(unsigned index) {
    if (index == 0) {
      for (chain_link& each : tasks) pool.submit(each);
      RL_ASSERT(pool.wait_until_idle(std::nullopt));
      for (chain_link& each : tasks) RL_ASSERT(each.effect == 1);
      pool.leave_to_nobody();
    } else {
      for (int i = 0; i != 3; ++i) pool.run_one_outside();
    }
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<sums_alone>("the sums alone", 100'000),
      executed<one_worker>("one worker", 20'000),
      executed<two_workers>("two workers", 20'000),
      executed<two_who_wait>("two who wait", 150'000),
      executed<ended_outside>("ended outside", 20'000),
  });
}
