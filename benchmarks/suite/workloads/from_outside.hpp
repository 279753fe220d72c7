// A million tasks from a thread that is no worker, with a future each and without.
#pragma once

#include "suite/batch.hpp"
#include "suite/concepts.hpp"
#include "suite/measurement.hpp"
#include "suite/tally.hpp"

namespace suite {

struct outside_submit {
  static constexpr const char* name = "outside_submit";

  template <future_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long tasks = tasks_in_batch(size);
    long sum = 0;
    const passage passed = timed([&] { sum = sum_of_submitted(runtime, 0, tasks); });
    return nanoseconds_each(passed, tasks, "ns a task", sum == sum_below(tasks));
  }
};

struct outside_post {
  static constexpr const char* name = "outside_post";

  template <posting_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long tasks = tasks_in_batch(size);
    tally counted;
    long sum = 0;
    const passage passed = timed([&] {
      post_all(runtime, counted, 0, tasks);
      sum = counted.sum_after(tasks);
    });
    return nanoseconds_each(passed, tasks, "ns a task", sum == sum_below(tasks));
  }
};

}  // namespace suite
