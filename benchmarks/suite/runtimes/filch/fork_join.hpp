// filch's joins and groups of tasks.
#pragma once

#if __has_include(<filch/fork_join/join.hpp>) && __has_include(<filch/fork_join/task_group.hpp>)
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
};

}  // namespace suite
#else
namespace suite {
struct filch_fork_join {};
}  // namespace suite
#endif
