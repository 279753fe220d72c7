// filch, as a user writes it. Every peer has the same members as far as it can do what they say; where a member is
// missing, the peer is left out of the workload.
#pragma once

#include <ranges>

#include <filch/filch.hpp>

#include "peers/futures.hpp"

namespace peers {

class filch_pool {
 public:
  static constexpr const char* name = "filch";
  static constexpr bool serves_several_threads = true;

  explicit filch_pool(unsigned workers) : pool_({.workers = workers}) {}

  /// One task, awaited by the thread that submitted it, which is no worker.
  template <class Call>
  long round_trip(Call call) {
    return pool_.submit(call).get();
  }

  /// `tasks` tasks from outside, each with a result, and the sum of the results.
  template <class Call>
  long sum_of(long tasks, Call call) {
    return sum_of_futures(
        tasks, [this](auto task) { return pool_.submit(std::move(task)); }, call);
  }

  /// The same from a worker.
  template <class Call>
  long sum_from_worker(long tasks, Call call) {
    return pool_.submit([this, tasks, call] { return sum_of(tasks, call); }).get();
  }

  /// The same from outside, with whatever takes many tasks at once.
  template <class Call>
  long sum_of_bulk(long tasks, Call call) {
    long sum = 0;
    for (auto& each : pool_.submit_bulk(std::views::iota(0L, tasks), call)) sum += each.get();
    return sum;
  }

  /// A tree of tasks: each but the leaves spawns one and awaits it.
  long fibonacci(int n) {
    return pool_.submit([pool = pool_.executor(), n] { return fibonacci(pool, n); }).get();
  }

 private:
  static long fibonacci(filch::executor_ref pool, int n) {
    if (n < 2) return n;
    auto left = pool.submit([pool, n] { return fibonacci(pool, n - 1); });
    const long right = fibonacci(pool, n - 2);
    return left.get() + right;
  }

  filch::scheduler pool_;
};

}  // namespace peers
