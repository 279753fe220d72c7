// pipeline: items from a source, a microsecond or so of work on each, a sink that takes them in their order; 256 under way.
#pragma once

#include <cstddef>
#include <cstdint>

#include "suite/concepts.hpp"
#include "suite/measurement.hpp"
#include "suite/mix.hpp"

namespace suite {

struct pipeline {
  static constexpr const char* name = "pipeline";

  template <pipeline_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long items = pick(size, 1'000'000L, 100'000L, 1'000L);
    std::uint64_t answer = 0;
    const passage passed = timed([&] {
      runtime.pipeline(items, tokens, source, transform, [&answer](std::uint64_t item) { answer = chained(answer, item); });
    });
    std::uint64_t expected = 0;
    for (long i = 0; i != items; ++i) expected = chained(expected, transform(source(i)));
    return nanoseconds_each(passed, items, "ns an item", answer == expected);
  }

 private:
  static constexpr std::size_t tokens = 256;

  static constexpr auto source = [](long i) { return static_cast<std::uint64_t>(i); };
  static constexpr auto transform = [](std::uint64_t item) { return mix(item, 200); };

  // Depends on the order.
  static constexpr std::uint64_t chained(std::uint64_t sum, std::uint64_t item) { return sum * 31 + item; }
};

}  // namespace suite
