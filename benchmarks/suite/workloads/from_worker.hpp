// A million tasks from one worker: children that it joins, tasks with a future each, and tasks without.
#pragma once

#include <cstddef>
#include <numeric>
#include <vector>

#include "suite/batch.hpp"
#include "suite/concepts.hpp"
#include "suite/measurement.hpp"
#include "suite/tally.hpp"

namespace suite {

struct worker_children {
  static constexpr const char* name = "worker_children";

  template <fork_join_runtime Runtime>
    requires group_runtime<Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long tasks = tasks_in_batch(size);
    std::vector<long> values(static_cast<std::size_t>(tasks));
    const passage passed = timed([&] { runtime.run([&] { return spawn<Runtime>(values); }); });
    const long sum = std::accumulate(values.begin(), values.end(), 0L);
    return nanoseconds_each(passed, tasks, "ns a task", sum == sum_below(tasks));
  }

 private:
  template <class Runtime>
  static void spawn(std::vector<long>& values) {
    typename Runtime::group group;
    for (long i = 0; long& each : values) {
      group.run([&each, i] { each = i; });
      ++i;
    }
    group.wait();
  }
};

struct worker_submit {
  static constexpr const char* name = "worker_submit";

  template <nesting_future_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long tasks = tasks_in_batch(size);
    return measure_sum(tasks, [&] { return runtime.run([&runtime, tasks] { return sum_of_submitted(runtime, 0, tasks); }); });
  }
};

struct worker_post {
  static constexpr const char* name = "worker_post";

  template <posting_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long tasks = tasks_in_batch(size);
    return measure_posts(tasks, [&](tally& counted) { runtime.run([&] { post_all(runtime, counted, 0, tasks); }); });
  }
};

}  // namespace suite
