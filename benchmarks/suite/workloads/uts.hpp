// uts: counts the nodes of a tree that nobody can foresee. It has the shape of the T1 of the Unbalanced Tree Search benchmark,
// a mean of four children with a geometric distribution down to a depth, but is another tree: nodes are hashed with mix()
// instead of SHA-1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "suite/concepts.hpp"
#include "suite/fan_out.hpp"
#include "suite/measurement.hpp"
#include "suite/mix.hpp"

namespace suite {

struct uts {
  static constexpr const char* name = "uts";

  template <fork_join_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const int depth = pick(size, 11, 10, 5);
    long answer = 0;
    const passage passed = timed([&] { answer = runtime.run([depth] { return nodes<Runtime>(root, depth); }); });
    return milliseconds(passed, answer == pick(size, 4'120'913L, 1'030'596L, 984L));
  }

 private:
  static constexpr std::uint64_t root = mix(19);
  static constexpr std::size_t most_children = 100;

  // One more child with a probability of 4/5 each time.
  static std::size_t children_of(std::uint64_t node) {
    const std::uint64_t drawn = node >> 32;
    std::uint64_t limit = std::uint64_t{1} << 32;
    std::size_t children = 0;
    while (children != most_children && drawn < (limit = limit * 4 / 5)) ++children;
    return children;
  }

  template <class Runtime>
  static long nodes(std::uint64_t node, int depth) {
    if (depth == 0) return 1;
    std::array<long, most_children> below;
    const std::size_t children = children_of(node);
    fan_out<Runtime>(children,
                     [&below, node, depth](std::size_t child) { below[child] = nodes<Runtime>(mix(node + child), depth - 1); });
    return std::accumulate(below.begin(), below.begin() + static_cast<std::ptrdiff_t>(children), 1L);
  }
};

}  // namespace suite
