// fib: Fibonacci numbers by their definition. A fork for each call and one addition as its work: what a fork and its join cost.
#pragma once

#include "suite/concepts.hpp"
#include "suite/measurement.hpp"

namespace suite {

struct fib {
  static constexpr const char* name = "fib";

  template <fork_join_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const int n = pick(size, 39, 30, 16);
    long answer = 0;
    const passage passed = timed([&] { answer = runtime.run([n] { return number<Runtime>(n); }); });
    const long calls = 2 * expected(n + 1) - 1;
    return nanoseconds_each(passed, calls, "ns a call", answer == expected(n));
  }

 private:
  template <class Runtime>
  static long number(int n) {
    if (n < 2) return n;
    const auto [left, right] = Runtime::join([n] { return number<Runtime>(n - 1); }, [n] { return number<Runtime>(n - 2); });
    return left + right;
  }

  static long expected(int n) {
    long now = 0;
    long next = 1;
    for (; n != 0; --n) {
      const long sum = now + next;
      now = next;
      next = sum;
    }
    return now;
  }
};

}  // namespace suite
