// matmul: the product of two square matrices, in quarters down to blocks of 64 by 64. Small whole numbers, so that floats hold
// every sum exactly and the answer can be compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "suite/concepts.hpp"
#include "suite/measurement.hpp"
#include "suite/mix.hpp"

namespace suite {

struct matmul {
  static constexpr const char* name = "matmul";

  template <fork_join_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const std::size_t n = pick<std::size_t>(size, 2048, 1024, 128);
    matrix a = digits(n, 1);
    matrix b = digits(n, 2);
    matrix c(n * n);
    const passage passed = timed([&] {
      runtime.run([&] { multiply_add<Runtime>({a.data(), n}, {b.data(), n}, {c.data(), n}, n); });
    });
    return milliseconds(passed, is_product(a, b, c, n));
  }

 private:
  using matrix = std::vector<float>;  // row after row

  struct block {
    float* first;
    std::size_t stride;

    [[nodiscard]] block quarter(std::size_t row, std::size_t column, std::size_t n) const {
      return {first + row * n / 2 * stride + column * n / 2, stride};
    }
  };

  // c += a * b, of n rows each.
  template <class Runtime>
  static void multiply_add(block a, block b, block c, std::size_t n) {
    if (n <= 64) return multiply_add_here(a, b, c, n);
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
      const auto quarter = [=](std::size_t row, std::size_t column) {
        multiply_add<Runtime>(a.quarter(row, k, n), b.quarter(k, column, n), c.quarter(row, column, n), n / 2);
      };
      const auto half = [quarter](std::size_t row) { Runtime::join([=] { quarter(row, 0); }, [=] { quarter(row, 1); }); };
      Runtime::join([half] { half(0); }, [half] { half(1); });
    }
  }

  static void multiply_add_here(block a, block b, block c, std::size_t n) {
    for (std::size_t i = 0; i != n; ++i)
      for (std::size_t k = 0; k != n; ++k) {
        const float factor = a.first[i * a.stride + k];
        const float* const from = b.first + k * b.stride;
        float* const to = c.first + i * c.stride;
        for (std::size_t j = 0; j != n; ++j) to[j] += factor * from[j];
      }
  }

  static matrix digits(std::size_t n, std::uint64_t seed) {
    matrix made(n * n);
    for (float& each : made) each = static_cast<float>((seed = mix(seed)) % 10);
    return made;
  }

  // Whether c * v == a * (b * v) for a vector that was drawn. A wrong product passes in fewer than one case in a million.
  static bool is_product(const matrix& a, const matrix& b, const matrix& c, std::size_t n) {
    std::vector<double> drawn(n);
    std::uint64_t seed = 3;
    for (double& each : drawn) each = static_cast<double>((seed = mix(seed)) % 1'000'000);
    return applied(c, drawn) == applied(a, applied(b, drawn));
  }

  static std::vector<double> applied(const matrix& rows, const std::vector<double>& to) {
    std::vector<double> product(to.size());
    for (std::size_t i = 0; i != to.size(); ++i)
      for (std::size_t j = 0; j != to.size(); ++j) product[i] += static_cast<double>(rows[i * to.size() + j]) * to[j];
    return product;
  }
};

}  // namespace suite
