// Workers that block and the spares that stand in for them: whoever waits for a task that comes later is waited for by
// somebody who runs it, however the spares retire meanwhile. A spare that is one too many goes dormant from the search or
// straight after a task.
#include "model_pool.hpp"

#include <filch/detail/park/spare_word.hpp>

namespace filch::model {
namespace {

/// Blocks as a worker does in get(), until another task has run.
struct blocker final : task_node {
  milestone* awaited = nullptr;
  milestone entered;
  void run(worker& by) override {
    const bool replaced = blocks(by.pool());
    entered.reach_one_more();
    if (!replaced) return;
    awaited->wait_for(1);
    by.pool().blocked_worker_returns();
  }
  // False when every spare stands in for somebody: get() throws, and the task ends with that.
  static bool blocks(pool_core& pool) {
    try {
      pool.replace_blocked_worker();
      return true;
    } catch (const too_many_blocked&) {
      return false;
    }
  }
};

struct opener final : task_node {
  milestone* opens = nullptr;
  void run(worker&) override { opens->reach_one_more(); }
};

/// A task that blocks and the one that it waits for, which may come long after.
struct pair {
  milestone open;
  blocker first;
  opener second;
  pair() {
    first.awaited = &open;
    second.opens = &open;
  }
};

constexpr unsigned rounds = 3;

/// The awaited task comes at once, after the worker has blocked, or after the spare has gone to sleep.
template <class Derived, unsigned Workers, unsigned Spares, unsigned Groups = 1>
struct blocked_rounds : pool_scenario<Derived, Workers, Spares, Groups> {
  pair pairs[rounds];

  void drive(unsigned) {
    for (pair& each : pairs) {
      this->pool.submit(each.first);
      if (rl::rand(2) == 0) each.first.entered.wait_for(1);
      for (unsigned turns = rl::rand(20); turns != 0; --turns) relacy_atomics::pause();
      this->pool.submit(each.second);
      if (rl::rand(2) == 0)
        each.open.wait_for(1);
      else
        (void)this->pool.wait_until_idle(std::nullopt);
    }
  }

  void check_idle() {
    for (pair& each : pairs) RL_ASSERT(each.first.runs == 1 && each.second.runs == 1);
    // Nobody is blocked any more: each spare that was woken is one too many and goes dormant by itself.
    while (this->pool.spares().excess()) relacy_atomics::pause();
  }
};

struct one_worker_one_spare : blocked_rounds<one_worker_one_spare, 1, 1> {};
struct one_worker_two_spares : blocked_rounds<one_worker_two_spares, 1, 2> {};
struct two_workers_one_spare : blocked_rounds<two_workers_one_spare, 2, 1> {};
struct spares_in_another_group : blocked_rounds<spares_in_another_group, 1, 1, 2> {};

/// Two blocked tasks at a time, which two drivers open in any order. With too few spares the second one is refused, and
/// somebody is left to run what opens the first.
template <class Derived, unsigned Workers, unsigned Spares>
struct blocked_at_a_time : pool_scenario<Derived, Workers, Spares, 1, 2> {
  pair pairs[2];

  void drive(unsigned index) {
    this->pool.submit(pairs[index].first);
    if (rl::rand(2) == 0) pairs[index].first.entered.wait_for(1);
    this->pool.submit(pairs[index].second);
  }
  void check_idle() {
    for (pair& each : pairs) RL_ASSERT(each.first.runs == 1 && each.second.runs == 1);
    while (this->pool.spares().excess()) relacy_atomics::pause();
  }
};
struct two_blocked_two_spares : blocked_at_a_time<two_blocked_two_spares, 1, 2> {};
struct two_blocked_one_spare : blocked_at_a_time<two_blocked_one_spare, 1, 1> {};
struct two_blocked_no_spare : blocked_at_a_time<two_blocked_no_spare, 2, 0> {};

/// A spare goes dormant while tasks keep coming, and each of them must be run by the worker that has come back.
struct late_tasks : pool_scenario<late_tasks, 1, 1> {
  struct plain_task final : task_node {
    milestone done;
    void run(worker&) override { done.reach_one_more(); }
  };
  pair first;
  plain_task later[4];

  void drive(unsigned) {
    pool.submit(first.first);
    pool.submit(first.second);
    for (plain_task& each : later) {
      pool.submit(each);
      if (rl::rand(2) == 0) each.done.wait_for(1);
    }
  }
  void check_idle() {
    for (plain_task& each : later) RL_ASSERT(each.runs == 1);
  }
};

/// The tasks of a spare that stands down: it has taken two, and the second lies in its deque.
struct rendezvous_beside_a_spare : pool_scenario<rendezvous_beside_a_spare, 2, 1> {
  pair first;
  rendezvous meeting[2];

  void drive(unsigned) {
    pool.submit(first.first);
    pool.submit(first.second);
    for (rendezvous& each : meeting) {
      pool.submit(each.guests[0]);
      pool.submit(each.guests[1]);
      each.leave(pool);
    }
  }
};

/// A wait as in wait.cpp, where the end of the awaited task counts the waiter as returned: also one that is just being refused,
/// which then takes that back. Whoever ends a task while the last unblocked worker is refused is no worker: it is a thread
/// outside, in get(help).
struct awaited {
  enum standing : unsigned { nobody, installed, ready };
  model::atomic<unsigned> word{nobody};
  milestone notified;

  struct waiting final : task_node {
    awaited* of = nullptr;
    void run(worker& by) override {
      unsigned seen = nobody;
      if (!of->word.compare_exchange_strong(seen, installed, std::memory_order_acq_rel, std::memory_order_acquire)) return;
      if (!blocker::blocks(by.pool())) {
        seen = installed;
        if (of->word.compare_exchange_strong(seen, nobody, std::memory_order_acq_rel, std::memory_order_acquire)) return;
        of->notified.wait_for(1);
        return by.pool().take_back_return();
      }
      of->notified.wait_for(1);
    }
  };
  void end(pool_core& pool) {
    if (word.exchange(ready, std::memory_order_acq_rel) != installed) return;
    pool.blocked_worker_returns();
    notified.reach_one_more();
  }

  waiting waits;
  awaited() { waits.of = this; }
};

/// More waits than spares, so that some are refused, and some of these while their task ends. Then the pool has its width: a pair
/// of tasks that wait for each other needs all of it.
template <class Derived, unsigned Workers, unsigned Spares>
struct refused_waits : pool_scenario<Derived, Workers, Spares> {
  awaited tasks[3];
  pair late;

  void drive(unsigned) {
    for (awaited& each : tasks) this->pool.submit(each.waits);
    for (unsigned turns = rl::rand(30); turns != 0; --turns) relacy_atomics::pause();
    for (awaited& each : tasks) each.end(this->pool);
    this->pool.submit(late.first);
    if (rl::rand(2) == 0) late.first.entered.wait_for(1);
    this->pool.submit(late.second);
  }
  void check_idle() {
    for (awaited& each : tasks) RL_ASSERT(each.waits.runs == 1);
    RL_ASSERT(late.first.runs == 1 && late.second.runs == 1);
    while (this->pool.spares().excess()) relacy_atomics::pause();
    RL_ASSERT(this->pool.spares().dormant_count() == Spares);
  }
};
struct refused_waits_of_one_worker : refused_waits<refused_waits_of_one_worker, 1, 1> {};
struct refused_waits_of_two_workers : refused_waits<refused_waits_of_two_workers, 2, 1> {};

/// Both workers are blocked until the end. Of two spares that wait as well the second is refused while its task ends, and the
/// first may come back and retire by the false count. Two tasks that wait for each other then need both.
struct a_refusal_beside_two_blocked : pool_scenario<a_refusal_beside_two_blocked, 2, 2> {
  pair kept[2];
  awaited tasks[2];
  rendezvous meeting;

  void drive(unsigned) {
    for (pair& each : kept) {
      pool.submit(each.first);
      each.first.entered.wait_for(1);
    }
    for (awaited& each : tasks) pool.submit(each.waits);
    for (unsigned turns = rl::rand(30); turns != 0; --turns) relacy_atomics::pause();
    tasks[1].end(pool);
    tasks[0].end(pool);
    for (rendezvous::guest& each : meeting.guests) pool.submit(each);
    meeting.arrived.wait_for(2);
    for (pair& each : kept) pool.submit(each.second);
  }
  void check_idle() {
    meeting.check();
    while (pool.spares().excess()) relacy_atomics::pause();
    RL_ASSERT(pool.spares().dormant_count() == 2);
  }
};

/// The word alone: with the changes of all three callers at once, unblocked workers never fall below the target, and a
/// bit is taken by one blocker only.
struct word_alone : scenario<4> {
  static constexpr unsigned target = 2;
  detail::spare_word<relacy_atomics> word{target, 2};
  plain<int> owner_of[2];

  void before() override {
    owner_of[0] = 0;
    owner_of[1] = 0;
  }

  // Two workers block and come back; what was woken retires in the name of the thread that woke it, or of another.
  void thread(unsigned index) override {
    for (int i = 0; i != 2; ++i) {
      const detail::block_result result = word.block();
      if (result.outcome == detail::block_outcome::refused) continue;
      const bool woke = result.outcome == detail::block_outcome::replaced;
      if (woke) owner_of[result.spare] = static_cast<int>(index);  // the spare's own life, until it is dormant
      (void)word.unblock();
      if (!woke) continue;
      while (word.try_retire(result.spare) == detail::retire_outcome::needed) relacy_atomics::pause();
    }
  }

  void after() override {
    RL_ASSERT(word.dormant_count() == 2);
    RL_ASSERT(!word.excess());
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<word_alone>("the word alone", 50'000),
      executed<one_worker_one_spare>("one worker, one spare", 10'000),
      executed<one_worker_two_spares>("one worker, two spares", 10'000),
      executed<two_workers_one_spare>("two workers, one spare", 10'000),
      executed<spares_in_another_group>("a spare in another group", 10'000),
      executed<two_blocked_two_spares>("two blocked, two spares", 10'000),
      executed<two_blocked_one_spare>("two blocked, one spare", 10'000),
      executed<two_blocked_no_spare>("two blocked, two workers, no spare", 10'000),
      executed<late_tasks>("late tasks", 10'000),
      executed<refused_waits_of_one_worker>("refused waits, one worker", 10'000),
      executed<refused_waits_of_two_workers>("refused waits, two workers", 10'000),
      executed<a_refusal_beside_two_blocked>("a refusal beside two blocked", 30'000),
      executed<rendezvous_beside_a_spare>("a rendezvous beside a spare", 10'000),
  });
}
