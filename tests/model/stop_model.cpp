// A stop token of a task's own against all that may happen to the task meanwhile: it is being submitted, a worker starts it,
// its future cancels it or goes. The hook is the shipped one; the stop state and the task around it are made for this. Tasks are
// deleted as soon as the protocol allows, so that a late touch is an access to freed memory.
#include <stop_token>  // first: Relacy renames what is in it

#include "scenario.hpp"

#include <filch/detail/base/reference_count.hpp>
#include <filch/detail/task/state_word.hpp>
#include <filch/detail/task/stop_hook.hpp>

#include "model_stop.hpp"

namespace filch::model {
namespace {

struct task {
  detail::state_word<relacy_atomics> state;
  detail::reference_count<relacy_atomics> references;  // the queue, the callback, the submitter, perhaps a future
  detail::stop_hook<task, stop_callback, relacy_atomics> hook;
  plain<int> callable{1};  // 0 when destroyed
  plain<int> counted{0};   // as spawned, by the submitter
  int& ends;
  int& releases;

  task(unsigned holders, int& end_counter, int& release_counter)
      : references(holders), ends(end_counter), releases(release_counter) {}
  ~task() {
    RL_ASSERT(callable == 0);
    ++releases;
  }

  void drop_reference() {
    if (references.drop() == detail::drop_outcome::last) delete this;
  }

  /// By the claimer: as run() or abandon() of a task, and what follows.
  void end() {
    hook.disarm(*this);
    RL_ASSERT(callable == 1);
    RL_ASSERT(counted == 1);
    callable = 0;
    ++ends;
    detail::notify_all(state.finish());
  }
  void claim_and_end() {
    if (state.claim() == detail::claim_outcome::claimed) end();
  }
};

bool is_of_this_process(const task&) { return true; }
void cancel_by_token(task& claimed) noexcept { claimed.end(); }

template <class Derived, unsigned Threads, unsigned Futures = 1>
struct stop_scenario : scenario<Threads> {
  stop_state stops;
  task* made = nullptr;
  atomic<task*> queued{nullptr};
  atomic<unsigned> submitted{0};
  int ends = 0;
  int releases = 0;

  void before() override { made = new task(3 + Futures, ends, releases); }
  void after() override {
    RL_ASSERT(ends == 1);
    RL_ASSERT(releases == 1);
  }

  /// As executor_ref::submit(); the future is the caller's.
  void submit() {
    made->hook.arm(*made, stop_token{&stops});
    made->counted = 1;
    queued.store(made, std::memory_order_release);
    made->hook.hand_over(*made);
    submitted.store(1, std::memory_order_release);
  }

  /// The same where it cannot be queued.
  void fail_to_submit() {
    made->hook.arm(*made, stop_token{&stops});
    made->hook.withdraw();
    made->hook.disarm(*made);
    made->callable = 0;
    ++ends;
    delete made;
  }

  void drop_future() { made->drop_reference(); }

  /// As worker::run_dequeued().
  void work() {
    task* taken = nullptr;
    while ((taken = queued.load(std::memory_order_acquire)) == nullptr) relacy_atomics::pause();
    taken->claim_and_end();
    taken->drop_reference();
  }

  /// As future::cancel().
  void cancel() {
    made->references.add();
    made->claim_and_end();
    made->drop_reference();
  }

  void stop(unsigned index) { stops.request_stop(index); }
};

struct submitted_and_stopped : stop_scenario<submitted_and_stopped, 3> {
  void thread(unsigned index) override {
    if (index == 0) {
      submit();
      drop_future();
    } else if (index == 1) {
      work();
    } else {
      stop(index);
    }
  }
};

struct cancelled_and_stopped : stop_scenario<cancelled_and_stopped, 3> {
  void thread(unsigned index) override {
    if (index == 0) {
      submit();
      cancel();
      drop_future();
    } else if (index == 1) {
      work();
    } else {
      stop(index);
    }
  }
};

/// Everything on one thread but the worker: the stop comes before the submission or after it.
struct stopped_before_or_after : stop_scenario<stopped_before_or_after, 2> {
  void thread(unsigned index) override {
    if (index == 1) return work();
    const bool first = rl::rand(2) == 0;
    if (first) stop(index);
    submit();
    if (!first) stop(index);
    drop_future();
  }
};

/// A post: nobody has a future, and the submitter may be the last holder.
struct posted_and_stopped : stop_scenario<posted_and_stopped, 3, 0> {
  void thread(unsigned index) override { index == 0 ? submit() : index == 1 ? work() : stop(index); }
};

struct stopped_and_not_queued : stop_scenario<stopped_and_not_queued, 2> {
  void thread(unsigned index) override { index == 0 ? fail_to_submit() : stop(index); }
};

/// The requester holds the future, as a capture of another task may.
struct stopped_and_dropped : stop_scenario<stopped_and_dropped, 3> {
  void thread(unsigned index) override {
    if (index == 0) {
      submit();
    } else if (index == 1) {
      work();
    } else {
      stop(index);
      while (submitted.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
      drop_future();
    }
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<submitted_and_stopped>("submitted and stopped", 100'000),
      executed<cancelled_and_stopped>("cancelled and stopped", 100'000),
      executed<stopped_before_or_after>("stopped before or after", 50'000),
      executed<posted_and_stopped>("posted and stopped", 100'000),
      executed<stopped_and_not_queued>("stopped and not queued", 50'000),
      executed<stopped_and_dropped>("stopped and dropped", 100'000),
  });
}
