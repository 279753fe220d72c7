// Jacobi: heat spreads over a square, a hundred times a loop over its rows. The start is a wave that keeps its shape, and whose
// height after each step is known.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "suite/concepts.hpp"
#include "suite/measurement.hpp"

namespace suite {

struct jacobi {
  static constexpr const char* name = "jacobi";

  template <loop_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const long n = pick(size, 2048L, 1024L, 64L);
    std::vector<double> now = wave(n, 1);
    std::vector<double> next = now;
    const passage passed = timed([&] {
      run_loops(runtime, [&] {
        for (int step = 0; step != steps; ++step) {
          Runtime::parallel_for(1L, n, [from = now.data(), to = next.data(), n](long row) { relax(from, to, row, n); });
          now.swap(next);
        }
      });
    });
    return milliseconds(passed, is_close(now, wave(n, std::pow(std::cos(frequency), steps))));
  }

 private:
  static constexpr int steps = 100;
  static constexpr double frequency = std::numbers::pi / 16;

  static void relax(const double* from, double* to, long row, long n) {
    const long width = n + 1;
    const double* const above = from + (row - 1) * width;
    const double* const here = from + row * width;
    const double* const below = from + (row + 1) * width;
    double* const out = to + row * width;
    for (long column = 1; column != n; ++column)
      out[column] = (above[column] + below[column] + here[column - 1] + here[column + 1]) / 4;
  }

  // n + 1 rows of n + 1; all of the border is 0, since n is a multiple of 16.
  static std::vector<double> wave(long n, double height) {
    std::vector<double> grid;
    grid.reserve(static_cast<std::size_t>((n + 1) * (n + 1)));
    for (long row = 0; row <= n; ++row)
      for (long column = 0; column <= n; ++column)
        grid.push_back(height * std::sin(frequency * static_cast<double>(row)) *
                       std::sin(frequency * static_cast<double>(column)));
    return grid;
  }

  static bool is_close(const std::vector<double>& left, const std::vector<double>& right) {
    for (std::size_t i = 0; i != left.size(); ++i)
      if (!(std::abs(left[i] - right[i]) < 1e-10)) return false;
    return true;
  }
};

}  // namespace suite
