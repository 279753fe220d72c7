// What the tests of groups have in common: a task to make them in, and a proof after each test that no cancellation is left
// over, which would make the tasks of all groups slower.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <utility>

#include <filch/detail/fork_join/group_state.hpp>
#include <filch/filch.hpp>

#include "runtime/pool_fixture.hpp"

namespace filch_tests {

class group_test : public shaped_pool_test {
 protected:
  /// In a task of a pool of this shape.
  template <class F>
  auto in_task(F&& function) {
    return make_shaped_pool().submit(std::forward<F>(function)).get();
  }

  /// A pool of this shape in which the last worker that is not blocked has to do without a spare.
  filch::scheduler& make_pool_without_spares() {
    filch::scheduler_options options = shape();
    options.spares = 0;
    return make_pool(std::move(options));
  }

  void TearDown() override {
    EXPECT_EQ(filch::detail::cancelled_groups.load(), 0U);
    shaped_pool_test::TearDown();
  }
};

/// How many waits of its workers have slept, or are asleep.
inline std::uint64_t waits_asleep(const filch::scheduler& pool) { return pool.metrics().total().blocked_waits; }

/// A pair of recursions, of which one is a task.
inline long fib_of_groups(long n) {
  if (n < 2) return n;
  long a = 0;
  filch::task_group group;
  group.run([&a, n] { a = fib_of_groups(n - 1); });
  const long b = fib_of_groups(n - 2);
  group.wait();
  return a + b;
}

/// Adds tasks to the group of which it is one, until there are two to the depth that count a leaf.
inline void grow_leaves(filch::task_group& group, std::atomic<int>& leaves, int depth) {
  if (depth == 0) {
    leaves.fetch_add(1);
    return;
  }
  for (int i = 0; i != 2; ++i) group.run([&group, &leaves, depth] { grow_leaves(group, leaves, depth - 1); });
}

}  // namespace filch_tests
