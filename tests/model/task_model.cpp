// A task from claim to release: who runs it, who cancels it, who waits for it, and the end of its memory. The parkers of
// the waiting threads outlive everything; tasks and waiters are deleted as soon as the protocol allows, so that a late
// touch is an access to freed memory.
#include "scenario.hpp"

#include <filch/detail/park/idle.hpp>
#include <filch/detail/base/reference_count.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::model {
namespace {

constexpr int value = 6 * 7;
constexpr int cancelled = -1;

struct task {
  detail::state_word<relacy_atomics> state;
  detail::reference_count<relacy_atomics> references;
  plain<int> callable{1};  // 0 when destroyed
  plain<int> result{0};
  int& runs;
  int& releases;

  task(unsigned holders, int& run_counter, int& release_counter)
      : references(holders), runs(run_counter), releases(release_counter) {}

  // The last holder comes after every access of the others.
  ~task() {
    RL_ASSERT(callable == 0);
    result = 0;
    callable = 2;
    ++releases;
  }

  void drop() {
    if (references.drop() == detail::drop_outcome::last) delete this;
  }

  /// By the claimer: as worker::run_claimed().
  void complete(int outcome) {
    RL_ASSERT(callable == 1);
    result = outcome;
    callable = 0;
    ++runs;
    detail::notify_all(state.finish());
  }

  void check_result() {
    RL_ASSERT(callable == 0);
    RL_ASSERT(result == value || result == cancelled);
  }
};

using parker = detail::park_token<relacy_atomics>;

struct parked_waiter : detail::basic_waiter<relacy_atomics> {
  parker& own;
  explicit parked_waiter(parker& with) : basic_waiter(&unpark), own(with) {}
  static void unpark(basic_waiter& node) noexcept { static_cast<parked_waiter&>(node).own.notify(); }
};

template <class Derived, int Threads>
struct task_scenario : scenario<Threads> {
  parker parkers[Threads];
  task* shared = nullptr;
  int runs = 0;
  int releases = 0;

  void before() override { shared = new task(Threads, runs, releases); }
  void after() override {
    RL_ASSERT(runs == 1);
    RL_ASSERT(releases == 1);
  }

  // What was dequeued comes with a reference: as worker::run_dequeued().
  void dequeue() {
    if (shared->state.claim() == detail::claim_outcome::claimed) shared->complete(value);
    shared->drop();
  }

  void wait(unsigned self) {
    auto* const node = new parked_waiter(parkers[self]);
    if (shared->state.install(*node) == detail::install_outcome::installed) parkers[self].wait();
    delete node;
    RL_ASSERT(shared->state.is_ready());
    shared->check_result();
    shared->drop();
  }

  // As park_on() in src/task/wait.cpp when the deadline passes at any moment.
  void wait_for_a_while(unsigned self) {
    auto* const node = new parked_waiter(parkers[self]);
    bool ready = shared->state.install(*node) == detail::install_outcome::ready;
    if (!ready) {
      for (unsigned turns = rl::rand(3); turns != 0; --turns) relacy_atomics::pause();
      if (shared->state.uninstall(*node) == detail::uninstall_outcome::ready) {
        parkers[self].wait();
        ready = true;
      }
    }
    delete node;
    if (ready) shared->check_result();
    shared->drop();
  }

  void get(unsigned self) {
    if (shared->state.claim() == detail::claim_outcome::claimed) {
      shared->complete(value);
      shared->check_result();
      shared->drop();
    } else {
      wait(self);
    }
  }

  void cancel_and_drop() {
    if (shared->state.claim() == detail::claim_outcome::claimed) shared->complete(cancelled);
    shared->drop();
  }

  // As future::ready().
  void look() {
    if (shared->state.is_ready()) shared->check_result();
    shared->drop();
  }
};

struct worker_and_waiter : task_scenario<worker_and_waiter, 2> {
  void thread(unsigned index) override { index == 0 ? dequeue() : wait(index); }
};

struct worker_and_poller : task_scenario<worker_and_poller, 2> {
  void thread(unsigned index) override { index == 0 ? dequeue() : look(); }
};

struct worker_getter_and_cancel : task_scenario<worker_getter_and_cancel, 3> {
  void thread(unsigned index) override { index == 0 ? dequeue() : index == 1 ? get(index) : cancel_and_drop(); }
};

struct two_waiters : task_scenario<two_waiters, 3> {
  void thread(unsigned index) override { index == 0 ? dequeue() : wait(index); }
};

struct waiter_and_timed_waiter : task_scenario<waiter_and_timed_waiter, 3> {
  void thread(unsigned index) override { index == 0 ? dequeue() : index == 1 ? wait(index) : wait_for_a_while(index); }
};

struct two_timed_waiters : task_scenario<two_timed_waiters, 3> {
  void thread(unsigned index) override { index == 0 ? dequeue() : wait_for_a_while(index); }
};

struct three_timed_waiters : task_scenario<three_timed_waiters, 4> {
  void thread(unsigned index) override { index == 0 ? dequeue() : wait_for_a_while(index); }
};

/// A timed wait leaves the list while a cancel claims and finishes.
struct cancel_and_list : task_scenario<cancel_and_list, 4> {
  void thread(unsigned index) override {
    switch (index) {
      case 0: return dequeue();
      case 1: return wait(index);
      case 2: return wait_for_a_while(index);
      default: return cancel_and_drop();
    }
  }
};

/// A holder that makes another one while the first leaves: the count goes 2, 1, 2, 1, 0 in some order.
struct a_reference_is_added : scenario<3> {
  task* shared = nullptr;
  atomic<unsigned> handed{0};
  int runs = 0;
  int releases = 0;

  void before() override {
    shared = new task(2, runs, releases);
    shared->callable = 0;
  }
  void after() override { RL_ASSERT(releases == 1); }

  void thread(unsigned index) override {
    if (index == 1) {
      shared->references.add();
      handed.store(1, std::memory_order_release);
    }
    if (index == 2)
      while (handed.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
    RL_ASSERT(shared->callable == 0);
    shared->drop();
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<worker_and_waiter>("worker and waiter", 50'000),
      searched<worker_and_poller>("worker and poller, searched", 3),
      executed<worker_and_poller>("worker and poller", 50'000),
      executed<worker_getter_and_cancel>("worker, getter and cancel", 100'000),
      executed<two_waiters>("two waiters", 100'000),
      executed<waiter_and_timed_waiter>("a waiter and one whose time passes", 100'000),
      executed<two_timed_waiters>("two waiters whose time passes", 100'000),
      executed<three_timed_waiters>("three waiters whose time passes", 100'000),
      executed<cancel_and_list>("a cancel beside the list", 100'000),
      executed<a_reference_is_added>("a reference is added", 100'000),
  });
}
