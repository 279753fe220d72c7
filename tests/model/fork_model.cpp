// Branches of joins: forked, taken back or stolen, and awaited by who robs the thief meanwhile. Each runs once, its result is seen,
// nobody touches it when its join is over, and nobody runs what he does not wait for.
#include "scenario.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include <filch/detail/park/idle.hpp>
#include <filch/detail/queue/chase_lev_deque.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::inline v0_1::detail {

using model::relacy_atomics;

struct running_task;
inline const running_task* innermost_running_task = nullptr;
struct running_part {
  explicit running_part(const running_task*) {}
};

/// A task that lies in a deque beside the jobs.
struct task_node {
  model::plain<int> runs{0};
};

class worker;

#include "shipped_stack_job.inc"

inline std::size_t this_thread() { return static_cast<std::size_t>(rl::ctx().threadx_->index_); }

using parker = park_token<relacy_atomics>;

struct parked_waiter : basic_waiter<relacy_atomics> {
  parker& own;
  explicit parked_waiter(parker& with) : basic_waiter(&unpark), own(with) {}
  static void unpark(basic_waiter& node) noexcept { static_cast<parked_waiter&>(node).own.notify(); }
};

/// What each thread waits for.
inline const stack_job* awaited_by[4] = {};

/// What the shipped steps ask of the pool: a place for what goes to all.
class pool_core {
 public:
  struct queue {
    static constexpr unsigned room = 8;
    task_node* tasks[room] = {};
    unsigned count = 0;
    bool enqueue(int, task_node* const* given, std::size_t of) {
      for (std::size_t i = 0; i != of; ++i) tasks[count++] = given[i];
      return true;
    }
  };
  struct silent_idle {
    void work_pushed(unsigned, unsigned) {}
    void work_arrived(unsigned, unsigned) {}
  };
  queue& injection() { return given_to_all[this_thread()]; }
  silent_idle idle() { return {}; }
  static bool is_this_process() { return true; }

  queue given_to_all[4];
};

class worker {
 public:
  worker(pool_core& pool, parker& own)
      : pool_(pool), parker_(own), deque_(ring_, relacy_atomics::fences_are_asymmetric ? rl::rand(2) : 0) {}

  deque_thief<task_node, relacy_atomics>& thief() { return thief_; }

  void push(task_node* entry) { RL_ASSERT(deque_.push(entry)); }
  /// As fork_context::take_back().
  bool take_back(stack_job& job) {
    task_node* const newest = deque_.pop();
    return newest == job.as_entry() || (newest != nullptr && take_back_from_below(job, newest));
  }
  void await(stack_job& job) { await_stolen(job); }
  /// As worker::run_entry().
  void run_entry(task_node* entry) noexcept {
    if (stack_job::is_in(entry)) return stack_job::in(entry).run_stolen(*this);
    RL_ASSERT(awaited_by[this_thread()] == nullptr);
    entry->runs = entry->runs + 1;
  }

 private:
  static constexpr std::size_t capacity = 4;
  struct seat {
    unsigned group = 0;
  };
  struct uncounted {
    static void add(unsigned) noexcept {}
  };
  struct {
    uncounted steal_attempts, stolen;
  } counters_;
  struct standard_atomics {
    static void full_fence(std::source_location where = std::source_location::current()) noexcept {
      relacy_atomics::full_fence(where);
    }
  };

  static void confirm_own_thread() noexcept {}
  static void end_forked_child() noexcept {}
  static bool has_room_to_join() noexcept { return true; }
  static std::size_t drop_tombstones(task_node**, std::size_t count) noexcept { return count; }
  static unsigned wakes_for(std::size_t count) noexcept { return static_cast<unsigned>(count); }
  // As worker::helps_until_done(), a few looks long.
  bool helps_until_done(stack_job& job) noexcept {
    for (unsigned look = rl::rand(3); look != 0; --look) {
      if (job.is_done()) return true;
      (void)run_one_of_its_thief(job);
    }
    return false;
  }
  // As wait_with_spare(), which waits without one here.
  bool wait_with_spare(state_word<relacy_atomics>& state) noexcept {
    parked_waiter node(parker_);
    if (state.install(node) == install_outcome::installed) parker_.wait();
    return true;
  }
  static void work_instead(stack_job&) noexcept { RL_ASSERT(false); }

  // The shipped steps.
  struct above_a_job {
    task_node* job;
    std::size_t tasks;
  };
  bool take_back_from_below(stack_job& job, task_node* newest) noexcept;
  above_a_job take_what_lies_above(task_node* newest) noexcept;
  void give_to_all(std::size_t count) noexcept;
  void await_stolen(stack_job& job) noexcept;
  bool run_one_of_its_thief(stack_job& awaited) noexcept;

  pool_core& pool_;
  parker& parker_;
  const seat seat_{};
  const int producer_ = 0;
  deque_ring<task_node, relacy_atomics>::slot slots_[capacity];
  deque_ring<task_node, relacy_atomics> ring_{slots_, capacity};
  deque_owner<task_node, relacy_atomics> deque_;
  deque_thief<task_node, relacy_atomics> thief_{ring_};
  model::atomic<bool> runs_strangers_{false};
  const std::unique_ptr<task_node*[]> batch_{new task_node*[capacity]};
};

#include "shipped_fork.inc"

}  // namespace filch::inline v0_1::detail

namespace filch::model {
namespace {

using detail::stack_job;
using detail::task_node;
using detail::this_thread;
using detail::worker;

constexpr unsigned most_threads = 3;

/// Which job each thread runs; a job knows the one that has forked it.
struct frames {
  const struct job* running[most_threads] = {};
};

struct job : stack_job {
  frames& of;
  const job* const parent;
  job(run_function run, frames& all) : stack_job(run), of(all), parent(all.running[this_thread()]) {}

  bool is_part_of(const stack_job* whole) const {
    for (const job* each = this; each != nullptr; each = each->parent)
      if (each == whole) return true;
    return false;
  }
};

/// A branch and what it returns.
template <class Body>
struct branch final : job {
  Body& body;
  plain<int> written{1};  // before it is queued
  plain<int> result{0};
  branch(Body& call, frames& all) : job(&run, all), body(call) {}
  ~branch() { written = 0; }

  static void run(stack_job& self) noexcept { static_cast<branch&>(self).call(); }
  void call() {
    const std::size_t self = this_thread();
    const stack_job* const waits_for = std::exchange(detail::awaited_by[self], nullptr);
    RL_ASSERT(waits_for == nullptr || is_part_of(waits_for));
    const job* const outer = std::exchange(of.running[self], this);
    RL_ASSERT(written == 1);
    written = 2;
    result = body();
    of.running[self] = outer;
    detail::awaited_by[self] = waits_for;
  }
};

template <class Derived, unsigned Threads>
struct fork_scenario : scenario<Threads> {
  detail::pool_core pool;
  detail::parker parkers[Threads];
  worker* workers[Threads];
  frames all;
  task_node tasks[2];

  void before() override {
    for (unsigned i = 0; i != Threads; ++i) workers[i] = new worker(pool, parkers[i]);
    std::fill(std::begin(detail::awaited_by), std::end(detail::awaited_by), nullptr);
  }
  void after() override {
    for (worker* const each : workers) {
      RL_ASSERT(each->thief().steal().outcome == detail::steal_outcome::empty);
      delete each;
    }
  }
  void thread(unsigned index) override { static_cast<Derived*>(this)->act(index); }

  worker& here() { return *workers[this_thread()]; }

  /// As detail::run_branches(), with the job where a late touch is noticed.
  template <class First, class Last>
  int join(First first, Last last) {
    auto* const forked = new branch<First>(first, all);
    worker& own = here();
    own.push(forked->as_entry());
    const int sum = last();
    if (own.take_back(*forked)) {
      forked->call();
    } else {
      detail::awaited_by[this_thread()] = forked;
      own.await(*forked);
      detail::awaited_by[this_thread()] = nullptr;
    }
    const int both = sum + forked->result;
    delete forked;
    return both;
  }

  void submit(unsigned which) { here().push(&tasks[which]); }

  /// As a worker that searches: so many looks at the others.
  void rob(unsigned looks) {
    for (; looks != 0; --looks)
      for (worker* const victim : workers) {
        if (victim == &here()) continue;
        const auto taken = victim->thief().steal();
        if (taken.outcome == detail::steal_outcome::success) here().run_entry(taken.item);
      }
  }

  /// What no thief has taken was given to all, or lies with its owner still.
  void expect_tasks_once() {
    for (auto& queue : pool.given_to_all)
      for (unsigned i = 0; i != queue.count; ++i) queue.tasks[i]->runs = queue.tasks[i]->runs + 1;
    for (worker* const each : workers)
      for (auto left = each->thief().steal(); left.outcome == detail::steal_outcome::success; left = each->thief().steal())
        each->run_entry(left.item);
    for (task_node& each : tasks) RL_ASSERT(each.runs == 1);
  }
};

/// One join, one thief.
struct one_join : fork_scenario<one_join, 2> {
  void act(unsigned index) {
    if (index == 1) return rob(1);
    RL_ASSERT(join([] { return 1; }, [] { return 2; }) == 3);
  }
};

/// One after the other, so that a thief may know a job of before.
struct one_after_the_other : fork_scenario<one_after_the_other, 2> {
  void act(unsigned index) {
    if (index == 1) return rob(2);
    for (int round = 0; round != 3; ++round) RL_ASSERT(join([] { return 1; }, [] { return 2; }) == 3);
  }
};

/// A join in the branch that is stolen: who waits for it robs the thief.
template <unsigned Threads>
struct nested_joins : fork_scenario<nested_joins<Threads>, Threads> {
  void act(unsigned index) {
    if (index != 0) return this->rob(2);
    const auto two = [this] { return this->join([] { return 1; }, [] { return 2; }); };
    RL_ASSERT(this->join([=, this] { return this->join(two, [] { return 4; }); }, two) == 10);
  }
};

using nested = nested_joins<2>;
using nested_twice_robbed = nested_joins<3>;

/// Two who wait, and one thief of both: neither runs what belongs to the other.
struct two_joins : fork_scenario<two_joins, 3> {
  void act(unsigned index) {
    if (index == 2) return rob(2);
    const auto two = [this] { return join([] { return 1; }, [] { return 2; }); };
    RL_ASSERT(join(two, [] { return 4; }) == 7);
  }
};

/// Branches that submit tasks: above the job of the joiner, and in the deque of its thief.
struct with_tasks : fork_scenario<with_tasks, 2> {
  void act(unsigned index) {
    if (index == 1) return rob(2);
    const auto submitting = [this](unsigned which) {
      return [this, which] {
        submit(which);
        return 1;
      };
    };
    RL_ASSERT(join(submitting(0), submitting(1)) == 2);
  }
  void after() override {
    expect_tasks_once();
    fork_scenario::after();
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<one_join>("one join", 50'000),
      executed<one_after_the_other>("one after the other", 50'000),
      executed<nested>("nested", 100'000),
      executed<nested_twice_robbed>("nested, two thieves", 50'000),
      executed<two_joins>("two joins", 100'000),
      executed<with_tasks>("with tasks", 50'000),
  });
}
