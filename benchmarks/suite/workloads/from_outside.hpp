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
    return measure_sum(tasks, [&] { return sum_of_submitted(runtime, 0, tasks); });
  }
};

struct outside_post {
  static constexpr const char* name = "outside_post";

  template <posting_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long tasks = tasks_in_batch(size);
    return measure_posts(tasks, [&](tally& counted) { post_all(runtime, counted, 0, tasks); });
  }
};

}  // namespace suite
