// As many branches as a node has children, of which the caller runs the last.
#pragma once

#include <cstddef>

#include "suite/concepts.hpp"

namespace suite {

/// Calls child(0) to child(count - 1), and returns when all have. By the runtime's own way, where it has one.
template <fork_join_runtime Runtime, class F>
void fan_out(std::size_t count, const F& child) {
  if (count == 0) return;
  if constexpr (requires { Runtime::fan_out(std::size_t{0}, count, child); }) {
    Runtime::fan_out(0, count, child);
  } else {
    typename Runtime::group group;
    for (std::size_t i = 0; i + 1 != count; ++i) group.run([&child, i] { child(i); });
    child(count - 1);
    group.wait();
  }
}

}  // namespace suite
