// A million tasks from four threads at once, none of them a worker, with a future each and without.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "suite/batch.hpp"
#include "suite/concepts.hpp"
#include "suite/measurement.hpp"
#include "suite/tally.hpp"

namespace suite {

/// Calls produce(first, last) on four threads, each with its part of the tasks.
template <class F>
void in_four_threads(long tasks, const F& produce) {
  std::vector<std::jthread> producers;
  for (long i = 0; i != 4; ++i) producers.emplace_back([&produce, tasks, i] { produce(tasks * i / 4, tasks * (i + 1) / 4); });
}

struct producers_submit {
  static constexpr const char* name = "producers_submit";

  template <future_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long tasks = tasks_in_batch(size);
    return measure_sum(tasks, [&] {
      std::atomic<long> sum{0};
      in_four_threads(tasks, [&](long first, long last) { sum += sum_of_submitted(runtime, first, last); });
      return sum.load();
    });
  }
};

struct producers_post {
  static constexpr const char* name = "producers_post";

  template <posting_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long tasks = tasks_in_batch(size);
    return measure_posts(tasks, [&](tally& counted) {
      in_four_threads(tasks, [&](long first, long last) { post_all(runtime, counted, first, last); });
    });
  }
};

}  // namespace suite
