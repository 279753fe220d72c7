// OpenMP tasks. There are no futures and no outside: a batch is a parallel region whose master makes the tasks, and a
// result is a variable of the one who waits.
#pragma once

#include <cstddef>
#include <vector>

namespace peers {

class openmp_team {
 public:
  static constexpr const char* name = "openmp";
  static constexpr bool serves_several_threads = false;  // each would open a team of its own

  explicit openmp_team(unsigned workers) : workers_(static_cast<int>(workers)) {}

  template <class Call>
  long sum_of(long tasks, Call call) {
    std::vector<long> results(static_cast<std::size_t>(tasks));
    long* const slots = results.data();
#pragma omp parallel num_threads(workers_) default(none) shared(tasks, slots, call)
#pragma omp single
    for (long i = 0; i != tasks; ++i) {
#pragma omp task default(none) firstprivate(i, slots) shared(call)
      slots[i] = call(i);
    }
    return sum(results);
  }

  template <class Call>
  long sum_from_worker(long tasks, Call call) {
    return sum_of(tasks, call);
  }

  template <class Call>
  long sum_of_bulk(long tasks, Call call) {
    std::vector<long> results(static_cast<std::size_t>(tasks));
    long* const slots = results.data();
#pragma omp parallel num_threads(workers_) default(none) shared(tasks, slots, call)
#pragma omp single
#pragma omp taskloop grainsize(1) default(none) firstprivate(slots) shared(tasks, call)
    for (long i = 0; i < tasks; ++i) slots[i] = call(i);
    return sum(results);
  }

  long fibonacci(int n) {
    long result = 0;
#pragma omp parallel num_threads(workers_) default(none) shared(n, result)
#pragma omp single
    result = fibonacci_here(n);
    return result;
  }

 private:
  static long fibonacci_here(int n) {
    if (n < 2) return n;
    long left = 0;
#pragma omp task default(none) firstprivate(n) shared(left)
    left = fibonacci_here(n - 1);
    const long right = fibonacci_here(n - 2);
#pragma omp taskwait
    return left + right;
  }

  static long sum(const std::vector<long>& results) {
    long sum = 0;
    for (const long each : results) sum += each;
    return sum;
  }

  int workers_;
};

}  // namespace peers
