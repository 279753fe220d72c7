// Joins, for the models: branches of which it is known who runs what inside of what, and workers that fork and rob.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>

#include "model_fork_worker.hpp"

namespace filch::model {

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

}  // namespace filch::model
