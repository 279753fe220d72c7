// n-queens: in how many ways n queens stand on a board of n rows and do not see each other. A branch for each place in a row
// that is left, with a copy of the board.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <numeric>

#include "suite/concepts.hpp"
#include "suite/fan_out.hpp"
#include "suite/measurement.hpp"

namespace suite {

struct n_queens {
  static constexpr const char* name = "n_queens";

  template <fork_join_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const int n = pick(size, 14, 12, 6);
    long answer = 0;
    const passage passed = timed([&] { answer = runtime.run([n] { return solutions<Runtime>(board{}, 0, n); }); });
    return milliseconds(passed, answer == pick(size, 365'596L, 14'200L, 4L));
  }

 private:
  using board = std::array<signed char, 14>;  // the column of the queen in each row

  static bool is_safe(const board& queens, int row, int column) {
    for (int above = 0; above != row; ++above) {
      const int other = queens[static_cast<std::size_t>(above)];
      if (other == column || std::abs(other - column) == row - above) return false;
    }
    return true;
  }

  template <class Runtime>
  static long solutions(const board& queens, int row, int n) {
    if (row == n) return 1;
    std::array<signed char, 14> columns;
    std::size_t count = 0;
    for (int column = 0; column != n; ++column)
      if (is_safe(queens, row, column)) columns[count++] = static_cast<signed char>(column);

    std::array<long, 14> found{};
    fan_out<Runtime>(count, [&, row, n](std::size_t child) {
      board next = queens;
      next[static_cast<std::size_t>(row)] = columns[child];
      found[child] = solutions<Runtime>(next, row + 1, n);
    });
    return std::accumulate(found.begin(), found.end(), 0L);
  }
};

}  // namespace suite
