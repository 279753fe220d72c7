// Loops of 1,000 iterations, thousands of them one after the other: one with next to nothing in an iteration, and one with some
// 15 ns, too few to pay for a task each and enough to divide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "suite/concepts.hpp"
#include "suite/measurement.hpp"
#include "suite/mix.hpp"

namespace suite {

/// Each iteration adds body(i) to its own number.
template <loop_runtime Runtime, class Body>
measurement thousand_iterations(Runtime& runtime, std::uint64_t loops, Body body) {
  constexpr long iterations = 1'000;
  std::vector<std::uint64_t> sums(iterations);
  const passage passed = timed([&] {
    run_loops(runtime, [&] {
      for (std::uint64_t loop = 0; loop != loops; ++loop)
        Runtime::parallel_for(0L, iterations, [to = sums.data(), body](long i) { to[i] += body(i); });
    });
  });
  bool right = true;
  for (long i = 0; i != iterations; ++i) right = right && sums[static_cast<std::size_t>(i)] == loops * body(i);
  return {.value = passed.seconds * 1e6 / static_cast<double>(loops), .unit = "us a loop", .right = right, .passed = passed};
}

struct loop_empty {
  static constexpr const char* name = "loop_empty";

  template <loop_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    return thousand_iterations(runtime, pick<std::uint64_t>(size, 100'000, 10'000, 20), [](long) { return std::uint64_t{1}; });
  }
};

struct loop_fine {
  static constexpr const char* name = "loop_fine";

  template <loop_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    return thousand_iterations(runtime, pick<std::uint64_t>(size, 50'000, 5'000, 20),
                               [](long i) { return mix(static_cast<std::uint64_t>(i), rounds); });
  }

 private:
  static constexpr int rounds = 9;
};

}  // namespace suite
