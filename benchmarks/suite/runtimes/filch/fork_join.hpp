// filch's joins and groups.
#pragma once

#include <cstddef>
#include <utility>

#include <filch/fork_join/join.hpp>
#include <filch/fork_join/task_group.hpp>

namespace suite {

struct filch_fork_join {
  using group = filch::task_group;

  template <class F, class G>
  static auto join(F&& f, G&& g) {
    return filch::join(std::forward<F>(f), std::forward<G>(g));
  }

  /// A join of the halves, and so on.
  template <class F>
  static void fan_out(std::size_t first, std::size_t last, const F& child) {
    if (last - first == 1) return child(first);
    const std::size_t middle = first + (last - first) / 2;
    filch::join([&child, first, middle] { fan_out(first, middle, child); },
                [&child, middle, last] { fan_out(middle, last, child); });
  }
};

}  // namespace suite
