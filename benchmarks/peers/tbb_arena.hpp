// oneTBB. It has no futures: a result is a slot that the task fills, awaited with its group.
//
// The usual way is tbb_arena: the caller enters the arena, takes one of its `workers` places, and runs tasks itself
// while it waits. So it is always a worker, from "outside" as well. tbb_enqueue stays outside, as a thread that submits
// to filch does, and hands its tasks to `workers` threads.
#pragma once

#include <cstddef>
#include <future>
#include <vector>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

namespace peers {

/// The results of a batch of tasks, and their sum.
class result_slots {
 public:
  explicit result_slots(long tasks) : slots_(static_cast<std::size_t>(tasks)) {}

  long& operator[](long i) { return slots_[static_cast<std::size_t>(i)]; }

  [[nodiscard]] long sum() const {
    long sum = 0;
    for (const long each : slots_) sum += each;
    return sum;
  }

 private:
  std::vector<long> slots_;
};

class tbb_arena {
 public:
  static constexpr const char* name = "tbb";
  static constexpr bool serves_several_threads = true;

  explicit tbb_arena(unsigned workers)
      : limit_(tbb::global_control::max_allowed_parallelism, workers), arena_(static_cast<int>(workers), 1) {}

  template <class Call>
  long sum_of(long tasks, Call call) {
    result_slots results(tasks);
    arena_.execute([&] {
      tbb::task_group group;
      for (long i = 0; i != tasks; ++i) group.run([&results, call, i] { results[i] = call(i); });
      group.wait();
    });
    return results.sum();
  }

  template <class Call>
  long sum_from_worker(long tasks, Call call) {
    return sum_of(tasks, call);
  }

  template <class Call>
  long sum_of_bulk(long tasks, Call call) {
    result_slots results(tasks);
    arena_.execute([&] {
      tbb::parallel_for(
          tbb::blocked_range<long>(0, tasks, 1),
          [&](const tbb::blocked_range<long>& some) {
            for (long i = some.begin(); i != some.end(); ++i) results[i] = call(i);
          },
          tbb::simple_partitioner());
    });
    return results.sum();
  }

  long fibonacci(int n) {
    return arena_.execute([n] { return fibonacci_here(n); });
  }

 private:
  static long fibonacci_here(int n) {
    if (n < 2) return n;
    long left = 0;
    tbb::task_group group;
    group.run([&left, n] { left = fibonacci_here(n - 1); });
    const long right = fibonacci_here(n - 2);
    group.wait();
    return left + right;
  }

  tbb::global_control limit_;
  tbb::task_arena arena_;
};

class tbb_enqueue {
 public:
  static constexpr const char* name = "tbb enqueue";
  static constexpr bool serves_several_threads = true;

  // The limit counts the caller's thread as well.
  explicit tbb_enqueue(unsigned workers)
      : limit_(tbb::global_control::max_allowed_parallelism, workers + 1), arena_(static_cast<int>(workers), 0) {}

  // The caller sleeps until the result is there; in task_group::wait() it would spin.
  template <class Call>
  long round_trip(Call call) {
    std::promise<long> result;
    arena_.enqueue([&result, call] { result.set_value(call()); });
    return result.get_future().get();
  }

  template <class Call>
  long sum_of(long tasks, Call call) {
    result_slots results(tasks);
    tbb::task_group group;
    for (long i = 0; i != tasks; ++i) arena_.enqueue(group.defer([&results, call, i] { results[i] = call(i); }));
    group.wait();
    return results.sum();
  }

 private:
  tbb::global_control limit_;
  tbb::task_arena arena_;
};

}  // namespace peers
