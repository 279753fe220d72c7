// mixed: what a program does with one pool. Tasks from outside, of which one in four is a loop of 1,000 fine iterations, one a
// recursion, and two have next to nothing to do.
#pragma once

#include <cstdint>
#include <vector>

#include "suite/concepts.hpp"
#include "suite/measurement.hpp"
#include "suite/mix.hpp"

namespace suite {

struct mixed {
  static constexpr const char* name = "mixed";

  template <class Runtime>
  requires future_runtime<Runtime> && fork_join_runtime<Runtime> && loop_runtime<Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long tasks = pick(size, 40'000L, 4'000L, 40L);
    long answer = 0;
    const passage passed = timed([&] {
      const auto submit = [&runtime](long i) { return runtime.submit([i] { return answer_of<Runtime>(i % 4); }); };
      std::vector<decltype(submit(0))> futures;
      for (long i = 0; i != tasks; ++i) futures.push_back(submit(i));
      for (auto& each : futures) answer += each.get();
    });
    const long expected_of_four = hash_of_loop() + tree_leaves + 2 + 3;
    return milliseconds(passed, answer == tasks / 4 * expected_of_four);
  }

 private:
  static constexpr int tree_depth = 10;
  static constexpr long tree_leaves = 1L << tree_depth;
  static constexpr long iterations = 1'000;

  template <class Runtime>
  static long answer_of(long kind) {
    if (kind == 0) return loop<Runtime>();
    if (kind == 1) return leaves<Runtime>(tree_depth);
    return kind;
  }

  static long hashed(long i) { return static_cast<long>(mix(static_cast<std::uint64_t>(i), 9) % 1'000); }

  static long hash_of_loop() {
    long sum = 0;
    for (long i = 0; i != iterations; ++i) sum += hashed(i);
    return sum;
  }

  template <class Runtime>
  static long loop() {
    std::vector<long> hashes(iterations);
    Runtime::parallel_for(0L, iterations, [to = hashes.data()](long i) { to[i] = hashed(i); });
    long sum = 0;
    for (const long each : hashes) sum += each;
    return sum;
  }

  template <class Runtime>
  static long leaves(int depth) {
    if (depth == 0) return 1;
    const auto [left, right] =
        Runtime::join([depth] { return leaves<Runtime>(depth - 1); }, [depth] { return leaves<Runtime>(depth - 1); });
    return left + right;
  }
};

}  // namespace suite
