// The end of a pool beside those who submit, spawn and steal: what was accepted has run, once, when a shutdown returns; what was
// refused never does; and nobody is inside any more.
#include "model_pool.hpp"

namespace filch::model {
namespace {

/// A task that spawns another, which any worker may take.
struct family {
  struct child final : task_node {
    plain<int> effect{0};
    void run(worker&) override { effect = 1; }
    void run_outside() override { effect = 2; }  // cancelled
  };
  struct parent final : task_node {
    family* own = nullptr;
    plain<int> effect{0};
    void run(worker& by) override {
      own->spawned = 1;
      by.submit(own->younger);
      effect = 1;
    }
    void run_outside() override { effect = 2; }
  };

  parent elder;
  child younger;
  plain<int> spawned{0};
  bool accepted = false;

  family() { elder.own = this; }

  /// After the pool is over. `taken` is how the child of an accepted parent must have ended, or 0 when either way will do.
  void check(int taken) {
    RL_ASSERT(elder.runs == (accepted ? 1 : 0));
    RL_ASSERT(younger.runs == spawned);
    if (!accepted || taken == 0) return;
    RL_ASSERT(elder.effect == taken);
    RL_ASSERT(younger.effect == taken);
  }
};

/// Workers first, then those who end the pool, then those who submit until they are refused.
template <class Derived, unsigned Workers, unsigned Closers, unsigned Submitters>
struct shutdown_scenario : scenario<Workers + Closers + Submitters> {
  static constexpr unsigned submissions = 2;

  pool_core pool{{.workers = Workers}};
  family families[Submitters][submissions];
  atomic<unsigned> closers{Closers};

  void thread(unsigned index) override {
    if (index < Workers) return pool.worker_at(index)->main();
    if (index < Workers + Closers) {
      static_cast<Derived*>(this)->close(index - Workers);
      look_after_the_end();
      if (closers.fetch_sub(1, std::memory_order_acq_rel) == 1) pool.forget();
      return;
    }
    for (family& each : families[index - Workers - Closers])
      if (!(each.accepted = pool.submit_unless_closed(each.elder))) return;
  }

  void close(unsigned) { pool.shutdown(); }
  /// Every worker has left, and what was run is there to be seen without any other order.
  void look_after_the_end() {
    RL_ASSERT(pool.is_empty());
    RL_ASSERT(pool.balance().idle());
    for (auto& row : families)
      for (family& each : row) RL_ASSERT(each.elder.runs == (each.elder.effect != 0 ? 1 : 0));
  }
  void invariant() override { RL_ASSERT(pool.counts_are_sane()); }
  void after() override {
    RL_ASSERT(pool.is_empty());
    for (auto& row : families)
      for (family& each : row) each.check(Derived::taken);
  }
};

struct one_worker : shutdown_scenario<one_worker, 1, 1, 1> {
  static constexpr int taken = 1;
};
struct two_workers : shutdown_scenario<two_workers, 2, 1, 1> {
  static constexpr int taken = 1;
};
struct two_submitters : shutdown_scenario<two_submitters, 1, 1, 2> {
  static constexpr int taken = 1;
};

/// Each of two who end the pool finds it over when it comes back.
struct two_closers : shutdown_scenario<two_closers, 1, 2, 1> {
  static constexpr int taken = 1;
};

/// Who cancels takes from the injection queue and from the workers' deques, as thieves do.
struct cancelled : shutdown_scenario<cancelled, 1, 1, 1> {
  static constexpr int taken = 0;
  void close(unsigned) { pool.shutdown_now(); }
};
struct cancelled_beside_a_thief : shutdown_scenario<cancelled_beside_a_thief, 2, 1, 1> {
  static constexpr int taken = 0;
  void close(unsigned) { pool.shutdown_now(); }
};
struct cancelled_and_drained : shutdown_scenario<cancelled_and_drained, 1, 2, 1> {
  static constexpr int taken = 0;
  void close(unsigned index) { index == 0 ? pool.shutdown_now() : pool.shutdown(); }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<one_worker>("one worker, one submitter", 20'000),
      executed<two_workers>("two workers, one submitter", 20'000),
      executed<two_submitters>("two who submit", 20'000),
      executed<two_closers>("two who end it", 20'000),
      executed<cancelled>("cancelled", 20'000),
      executed<cancelled_beside_a_thief>("cancelled beside a thief", 20'000),
      executed<cancelled_and_drained>("cancelled and drained", 20'000),
  });
}
