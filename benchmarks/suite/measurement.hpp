// How large a workload is, how long it took, and what is said of it.
#pragma once

#include <chrono>

#include <sys/resource.h>

namespace suite {

/// As in the public suites where they have the workload; for a look, which takes 10 to 200 ms; for tests, which want the answer
/// only.
enum class problem_size { full, quick, tiny };

template <class T>
constexpr T pick(problem_size size, T full, T quick, T tiny) {
  return size == problem_size::full ? full : size == problem_size::quick ? quick : tiny;
}

/// What passed on the clock, and on all processors for this process.
struct passage {
  double seconds;
  double cpu_seconds;
};

/// One repetition of a workload. Less is better, in each unit.
struct measurement {
  double value;
  const char* unit;
  bool right;  ///< the answer
  passage passed;
};

inline double cpu_seconds_so_far() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

template <class F>
passage timed(F&& work) {
  const double cpu = cpu_seconds_so_far();
  const auto begun = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
  return {.seconds = seconds.count(), .cpu_seconds = cpu_seconds_so_far() - cpu};
}

inline measurement milliseconds(passage passed, bool right) {
  return {.value = passed.seconds * 1e3, .unit = "ms", .right = right, .passed = passed};
}

/// `unit` is "ns a ..." and says of what.
inline measurement nanoseconds_each(passage passed, long count, const char* unit, bool right) {
  return {.value = passed.seconds * 1e9 / static_cast<double>(count), .unit = unit, .right = right, .passed = passed};
}

}  // namespace suite
