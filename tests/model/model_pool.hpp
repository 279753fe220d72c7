// A pool for the models: the shipped steps of searching, parking, retiring, blocking, trimming, waiting for idleness and
// stopping, taken from src by shipped_text.sh, over the shipped headers. Made by hand is what surrounds them: an injection
// queue, the order in which a worker looks for work, what a task is, and what a slab cuts.
#pragma once

#include "model_worker.hpp"

namespace filch::inline v0_1::detail {

inline pool_core::pool_core(shape of)
    : first_workers_(of.workers),
      most_workers_(of.workers + of.later),
      spare_count_(of.spares),
      spin_(of.spin),
      has_lanes_(of.lanes),
      dormant_workers_(of.later),
      spares_(of.workers, of.spares) {
  groups_.count = of.groups;
  for (unsigned i = 0; i != workers_in_use(); ++i) {
    group_plan::group& into = groups_.groups[i % of.groups];
    groups_.seats[i] = {i % of.groups, into.size};
    dormant_[i].store(i >= first_workers_, std::memory_order_relaxed);
    into.members[into.size++] = i;
    workers_[i] = new worker(*this, i, groups_.seats[i]);
  }
}

inline pool_core::~pool_core() {
  for (worker* const each : workers_) delete each;
}

// Whether another thread was faster somewhere.
inline bool pool_core::steal_outside(task_node*& task) {
  bool lost = false;
  for (unsigned i = 0; task == nullptr && i != workers_in_use(); ++i) {
    const steal_result<task_node> taken = workers_[i]->thief().steal();
    task = taken.item;
    lost = lost || taken.outcome == steal_outcome::lost;
  }
  return lost;
}

#include "shipped_runtime.inc"

}  // namespace filch::inline v0_1::detail

namespace filch::model {

using detail::pool_core;
using detail::task_node;
using detail::worker;

/// A word that threads wait for to reach a number.
class milestone {
 public:
  void reach_one_more() {
    (void)count_.fetch_add(1, std::memory_order_acq_rel);
    relacy_atomics::wake_all(count_);
  }
  std::uint32_t count() const { return count_.load(std::memory_order_acquire); }
  void wait_for(std::uint32_t wanted) {
    for (;;) {
      const std::uint32_t seen = count_.load(std::memory_order_acquire);
      if (seen >= wanted) return;
      relacy_atomics::wait(count_, seen);
    }
  }

 private:
  atomic<std::uint32_t> count_{0};
};

/// Workers are the first threads; the others drive(). The last of those to end stops the pool.
template <class Derived, unsigned Workers, unsigned Spares = 0, unsigned Groups = 1, unsigned Drivers = 1, bool Lanes = false,
          unsigned Later = 0>
struct pool_scenario : scenario<Workers + Later + Spares + Drivers> {
  pool_core pool{{.workers = Workers, .spares = Spares, .groups = Groups, .lanes = Lanes, .later = Later}};
  atomic<unsigned> drivers{Drivers};

  void thread(unsigned index) override {
    constexpr unsigned of_workers = Workers + Later + Spares;
    if (index < of_workers) return pool.worker_at(index)->main();
    static_cast<Derived*>(this)->drive(index - of_workers);
    if (drivers.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    (void)pool.wait_until_idle(std::nullopt);
    static_cast<Derived*>(this)->check_idle();
    pool.stop_and_join();
  }

  void check_idle() {}
  void invariant() override { RL_ASSERT(pool.counts_are_sane()); }
  void after() override { RL_ASSERT(pool.is_empty()); }
};

/// Two tasks that wait for each other: one worker alone does not get them done.
struct rendezvous {
  struct guest final : task_node {
    rendezvous* at = nullptr;
    void run(worker&) override {
      at->arrived.reach_one_more();
      at->arrived.wait_for(2);
    }
  };

  milestone arrived;
  guest guests[2];

  rendezvous() { guests[0].at = guests[1].at = this; }
  /// Before the next pair comes: when both have met, or when all is quiet.
  void leave(pool_core& pool) {
    if (rl::rand(2) == 0)
      (void)pool.wait_until_idle(std::nullopt);
    else
      arrived.wait_for(2);
  }
  void check() {
    for (guest& each : guests) RL_ASSERT(each.runs == 1);
  }
};

}  // namespace filch::model
