// Workers that come and go while tasks are submitted, block and end: whoever should be there is, whoever has left has left
// nothing behind, and the pool ends with all of them.
#include "model_pool.hpp"

namespace filch::model {
namespace {

struct plain_task final : task_node {
  milestone done;
  void run(worker&) override { done.reach_one_more(); }
};

/// A pool of `Workers`, up to `Later` more, and what holds when nothing goes on.
template <class Derived, unsigned Workers, unsigned Later, unsigned Spares = 0, unsigned Drivers = 1>
struct resized : pool_scenario<Derived, Workers, Spares, 1, Drivers, false, Later> {
  static void waste_time() {
    for (unsigned turns = rl::rand(12); turns != 0; --turns) relacy_atomics::pause();
  }
  void expect_exactly(unsigned workers) {
    while (this->pool.spares().excess()) relacy_atomics::pause();
    RL_ASSERT(this->pool.worker_count() == workers);
    while (this->pool.dormant_workers() != Workers + Later - workers) relacy_atomics::pause();
    RL_ASSERT(this->pool.spares().dormant_count() == Spares);
  }
};

/// Two tasks that wait for each other after each raise, one alone after each fall.
struct up_and_down : resized<up_and_down, 1, 1> {
  rendezvous meeting[2];
  plain_task alone[2];

  void drive(unsigned) {
    for (unsigned round = 0; round != 2; ++round) {
      pool.resize(2);
      pool.submit(meeting[round].guests[0]);
      pool.submit(meeting[round].guests[1]);
      meeting[round].leave(pool);
      pool.resize(1);
      pool.submit(alone[round]);
      if (rl::rand(2) == 0) alone[round].done.wait_for(1);
    }
  }
  void check_idle() {
    for (rendezvous& each : meeting) each.check();
    for (plain_task& each : alone) RL_ASSERT(each.runs == 1);
    expect_exactly(1);
  }
};

/// Down before it is up, so that the one that leaves meets the one that calls it back.
struct down_and_up_at_once : resized<down_and_up_at_once, 2, 0> {
  rendezvous meeting[2];

  void drive(unsigned) {
    for (rendezvous& each : meeting) {
      pool.resize(1);
      waste_time();
      pool.resize(2);
      pool.submit(each.guests[0]);
      pool.submit(each.guests[1]);
      each.leave(pool);
    }
  }
  void check_idle() {
    for (rendezvous& each : meeting) each.check();
    expect_exactly(2);
  }
};

/// Somebody submits meanwhile.
struct beside_a_submitter : resized<beside_a_submitter, 2, 0, 0, 2> {
  plain_task tasks[4];

  void drive(unsigned index) {
    if (index == 0) {
      for (plain_task& each : tasks) {
        pool.submit(each);
        if (rl::rand(2) == 0) each.done.wait_for(1);
      }
      return;
    }
    pool.resize(1);
    waste_time();
    pool.resize(2);
    waste_time();
    pool.resize(1);
  }
  void check_idle() {
    for (plain_task& each : tasks) RL_ASSERT(each.runs == 1);
    expect_exactly(1);
  }
};

/// What a task has queued before its worker goes: more than the deque holds, of which the others run all.
struct by_a_task : resized<by_a_task, 2, 0> {
  struct parent final : task_node {
    by_a_task* of = nullptr;
    void run(worker& by) override {
      for (plain_task& each : of->children) by.submit(each);
      of->pool.resize(1);
    }
  };
  plain_task children[3];
  parent first;

  by_a_task() { first.of = this; }
  void drive(unsigned) { pool.submit(first); }
  void check_idle() {
    for (plain_task& each : children) RL_ASSERT(each.runs == 1);
    expect_exactly(1);
  }
};

/// A task that waits until it is told not to, as in get().
struct waiting_task final : task_node {
  milestone entered;
  milestone open;
  void run(worker& by) override {
    by.pool().replace_blocked_worker();
    entered.reach_one_more();
    open.wait_for(1);
    by.pool().blocked_worker_returns();
  }
};

/// One blocks while the pool gets smaller and larger again. Whoever stands in for it, two others are there then.
struct beside_a_blocked : resized<beside_a_blocked, 2, 0, 1> {
  waiting_task waits;
  rendezvous meeting;

  void drive(unsigned) {
    pool.submit(waits);
    if (rl::rand(2) == 0) waits.entered.wait_for(1);
    pool.resize(1);
    waste_time();
    if (rl::rand(2) == 0) waits.entered.wait_for(1);
    pool.resize(2);
    pool.submit(meeting.guests[0]);
    pool.submit(meeting.guests[1]);
    meeting.arrived.wait_for(2);
    waits.open.reach_one_more();
  }
  void check_idle() {
    meeting.check();
    expect_exactly(2);
  }
};

/// The same for good: the one that comes back finds a smaller pool.
struct smaller_beside_a_blocked : resized<smaller_beside_a_blocked, 2, 0, 1> {
  waiting_task waits;
  plain_task task;

  void drive(unsigned) {
    pool.submit(waits);
    if (rl::rand(2) == 0) waits.entered.wait_for(1);
    pool.resize(1);
    waste_time();
    pool.submit(task);
    if (rl::rand(2) == 0) task.done.wait_for(1);
    waits.open.reach_one_more();
  }
  void check_idle() {
    RL_ASSERT(task.runs == 1);
    expect_exactly(1);
  }
};

/// A worker comes back to a pool that is being made larger, or smaller. Whoever is first, no spare stays.
template <class Derived, unsigned Workers, unsigned Later, unsigned To>
struct returns_beside : resized<Derived, Workers, Later, 1, 2> {
  waiting_task waits;

  void drive(unsigned index) {
    if (index == 0) this->pool.submit(waits);
    waits.entered.wait_for(1);
    this->waste_time();
    if (index == 0)
      waits.open.reach_one_more();
    else
      this->pool.resize(To);
  }
  void check_idle() { this->expect_exactly(To); }
};
struct returns_beside_a_raise : returns_beside<returns_beside_a_raise, 1, 1, 2> {};
struct returns_beside_a_fall : returns_beside<returns_beside_a_fall, 2, 0, 1> {};

/// Who resizes has seen nothing of a spare that stood in and has gone again, but its bit.
struct a_spare_that_has_gone_again : resized<a_spare_that_has_gone_again, 2, 0, 1> {
  waiting_task waits;
  rendezvous meeting;

  void drive(unsigned) {
    pool.submit(waits);
    while (pool.spares().dormant_count() != 0) relacy_atomics::pause();
    pool.resize(1);
    for (unsigned turns = 60; turns != 0 && pool.spares().dormant_count() == 0; --turns) relacy_atomics::pause();
    pool.resize(2);
    pool.submit(meeting.guests[0]);
    pool.submit(meeting.guests[1]);
    meeting.arrived.wait_for(2);
    waits.open.reach_one_more();
  }
  void check_idle() {
    meeting.check();
    expect_exactly(2);
  }
};

/// Two who resize.
struct by_two : resized<by_two, 1, 1, 0, 2> {
  milestone sized;
  rendezvous meeting;

  void drive(unsigned index) {
    pool.resize(2);
    waste_time();
    pool.resize(1);
    sized.reach_one_more();
    if (index != 0) return;
    sized.wait_for(2);
    pool.resize(2);
    pool.submit(meeting.guests[0]);
    pool.submit(meeting.guests[1]);
  }
  void check_idle() {
    meeting.check();
    expect_exactly(2);
  }
};

/// The pool ends meanwhile: the thread that came last is joined, or never made.
struct beside_a_shutdown : scenario<4> {
  pool_core pool{{.workers = 1, .later = 1}};
  plain_task task;

  void thread(unsigned index) override {
    if (index < 2) return pool.worker_at(index)->main();
    if (index == 2) {
      try {
        pool.resize(2);
        pool.resize(1);
        pool.resize(2);
      } catch (const closed&) {
      }
      return;
    }
    pool.submit(task);
    pool.shutdown();
    RL_ASSERT(task.runs == 1);
  }
  void invariant() override { RL_ASSERT(pool.counts_are_sane()); }
  void after() override { RL_ASSERT(pool.is_empty()); }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<up_and_down>("up and down", 10'000),
      executed<down_and_up_at_once>("down and up at once", 10'000),
      executed<beside_a_submitter>("beside a submitter", 10'000),
      executed<by_a_task>("by a task", 10'000),
      executed<beside_a_blocked>("beside a blocked worker", 10'000),
      executed<smaller_beside_a_blocked>("smaller beside a blocked worker", 10'000),
      executed<returns_beside_a_raise>("a return beside a raise", 10'000),
      executed<returns_beside_a_fall>("a return beside a fall", 10'000),
      executed<a_spare_that_has_gone_again>("a spare that has gone again", 10'000),
      executed<by_two>("by two", 10'000),
      executed<beside_a_shutdown>("beside a shutdown", 10'000),
  });
}
