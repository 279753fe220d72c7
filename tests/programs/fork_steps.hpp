// What runs children side by side and waits for all of them: a join, a loop or a group.
#pragma once

#include <cstdint>

#include <filch/algorithm/parallel_for.hpp>
#include <filch/fork_join/join.hpp>
#include <filch/fork_join/task_group.hpp>
#include <filch/runtime/scheduler.hpp>

namespace filch_programs {

enum class side_by_side : std::uint32_t { join, loop, group, count_ };

/// A join has so many branches.
inline constexpr std::uint32_t branches = 3;

/// Calls call(i) for each i below `many`. Throws what the pool throws; `call` throws nothing.
template <class Call>
void run_side_by_side(filch::scheduler& pool, side_by_side how, std::uint32_t many, const Call& call) {
  switch (how) {
    case side_by_side::join:
      filch::join(pool, [&] { call(0); }, [&] { call(1); }, [&] { call(2); });
      break;
    case side_by_side::loop:
      filch::parallel_for(pool, std::uint32_t{0}, many, call, {.grain = 1});
      break;
    default: {
      filch::task_group group(pool);
      for (std::uint32_t i = 0; i != many; ++i) group.run([&call, i] { call(i); });
      group.wait();
      break;
    }
  }
}

}  // namespace filch_programs
