// The end of submitting from outside: threads share marks, each of which has one holder at a time that owns a producer
// and a ledger behind it and holds it until after its wake-up. The closer sets the flag, waits for the marks and then
// until everything that was accepted is finished, and stops the worker. No task is lost, and nobody is inside any more.
#include "scenario.hpp"

#include <filch/detail/runtime/closing.hpp>
#include <filch/detail/runtime/quiescence.hpp>

namespace filch::model {
namespace {

/// What a holder of a mark owns: a queue with one producer, as the explicit producers of the injection queue.
struct slot {
  static constexpr unsigned capacity = 8;

  detail::submission_mark<relacy_atomics> mark;
  detail::task_ledger<relacy_atomics> ledger;
  plain<unsigned> queued{0};
  plain<int> cells[capacity];
  atomic<unsigned> tail{0};
  unsigned head = 0;  // the worker's

  void enqueue() {
    const unsigned at = queued;
    queued = at + 1;
    cells[at] = 1;
    tail.store(at + 1, std::memory_order_release);
  }
  bool dequeue() {
    if (head == tail.load(std::memory_order_acquire)) return false;
    RL_ASSERT(cells[head] == 1);
    ++head;
    return true;
  }
};

template <class Derived, unsigned Submitters, unsigned Submissions, unsigned Marks>
struct closing_scenario : scenario<Submitters + 2> {
  slot slots[Marks];
  detail::closing_flag<relacy_atomics> flag;
  atomic<unsigned> stopping{0};
  detail::task_ledger<relacy_atomics> workers_ledger;
  plain<int> pool{1};  // read by whoever is inside, written by the closer when nobody is
  unsigned accepted = 0;
  unsigned executed = 0;

  void thread(unsigned index) override {
    if (index == 0)
      close();
    else if (index == 1)
      work();
    else
      for (unsigned i = 0; i != Submissions; ++i) submit(rl::rand(Marks));
  }

  void after() override { RL_ASSERT(accepted == executed); }

  // As pool_core::enqueue_from_outside() with submission_slots::lease().
  void submit(unsigned remembered) {
    slot* held = nullptr;
    for (unsigned i = remembered; held == nullptr; i = (i + 1) % Marks) {
      if (slots[i].mark.try_lease() == detail::lease_outcome::leased) held = &slots[i];
      if (held == nullptr) relacy_atomics::pause();
    }
    if (!flag.is_closed()) {
      held->ledger.count_spawned(1);
      held->enqueue();
      ++accepted;
      RL_ASSERT(pool == 1);  // the wake-up
    }
    held->mark.release();
  }

  void close() {
    flag.close();
    for (slot& each : slots) each.mark.wait_until_free();
    pool = 2;
    while (!balance().idle()) relacy_atomics::pause();
    stopping.store(1, std::memory_order_seq_cst);
  }

  detail::task_balance balance() {
    return detail::balance_of([&](auto&& visit) {
      visit(workers_ledger);
      for (slot& each : slots) visit(each.ledger);
    });
  }

  void work() {
    for (;;) {
      const bool last_round = stopping.load(std::memory_order_seq_cst) != 0;
      for (slot& each : slots)
        while (each.dequeue()) {
          ++executed;
          workers_ledger.count_finished();
        }
      if (last_round) return;
      relacy_atomics::pause();
    }
  }
};

struct one_submitter_a_mark : closing_scenario<one_submitter_a_mark, 1, 2, 1> {};
struct two_submitters_share_a_mark : closing_scenario<two_submitters_share_a_mark, 2, 2, 1> {};
struct three_submitters_share_two_marks : closing_scenario<three_submitters_share_two_marks, 3, 2, 2> {};

/// Two closers: each has seen every mark free when it goes on.
struct two_closers : closing_scenario<two_closers, 2, 2, 2> {
  void thread(unsigned index) override {
    if (index == 1) {
      flag.close();
      for (slot& each : slots) each.mark.wait_until_free();
      RL_ASSERT(flag.is_closed());
    } else if (index == 0) {
      close_alone();
    } else {
      closing_scenario::thread(index);
    }
  }
  void close_alone() {
    flag.close();
    for (slot& each : slots) each.mark.wait_until_free();
    pool = 2;
    for (slot& each : slots)
      while (each.dequeue()) ++executed;
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<one_submitter_a_mark>("one submitter with a mark of its own", 50'000),
      executed<two_submitters_share_a_mark>("two submitters share a mark", 50'000),
      executed<three_submitters_share_two_marks>("three submitters share two marks", 100'000),
      executed<two_closers>("two closers", 50'000),
  });
}
