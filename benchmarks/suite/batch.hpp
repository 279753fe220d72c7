// Many of the smallest tasks, so that what is measured is their management.
#pragma once

#include <cstddef>
#include <vector>

#include "suite/measurement.hpp"
#include "suite/tally.hpp"

namespace suite {

constexpr long tasks_in_batch(problem_size size) { return pick(size, 1'000'000L, 100'000L, 1'000L); }

/// 0 + 1 + ... + (count - 1)
constexpr long sum_below(long count) { return count * (count - 1) / 2; }

/// Submits tasks that return first to last - 1, and only then asks their futures, so that all are outstanding at once.
template <class Runtime>
long sum_of_submitted(Runtime& runtime, long first, long last) {
  const auto submit = [&runtime](long i) { return runtime.submit([i] { return i; }); };
  std::vector<decltype(submit(first))> futures;
  futures.reserve(static_cast<std::size_t>(last - first));
  for (long i = first; i != last; ++i) futures.push_back(submit(i));
  long sum = 0;
  for (auto& each : futures) sum += each.get();
  return sum;
}

/// Posts tasks that count first to last - 1.
template <class Runtime>
void post_all(Runtime& runtime, tally& counted, long first, long last) {
  for (long i = first; i != last; ++i) runtime.post([&counted, i] { counted.count(i); });
}

/// `sum()` submits so many tasks and adds up what they return.
template <class Sum>
measurement measure_sum(long tasks, const Sum& sum) {
  long answer = 0;
  const passage passed = timed([&] { answer = sum(); });
  return nanoseconds_each(passed, tasks, "ns a task", answer == sum_below(tasks));
}

/// `post(counted)` posts so many tasks, which are awaited.
template <class Post>
measurement measure_posts(long tasks, const Post& post) {
  tally counted;
  return measure_sum(tasks, [&] {
    post(counted);
    return counted.sum_after(tasks);
  });
}

}  // namespace suite
