// What the tests of the algorithms have in common: a task to call them in, and sizes and numbers to try.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <filch/filch.hpp>

#include "runtime/pool_fixture.hpp"

namespace filch_tests {

class algorithm_test : public shaped_pool_test {
 protected:
  /// In a task of a pool of this shape.
  template <class F>
  auto in_task(F&& function) {
    return make_shaped_pool().submit(std::forward<F>(function)).get();
  }

  /// What `compute` returns in a task of each pool that results must not depend on: of 1, 2, 3 and 8 workers, and without
  /// spinning.
  template <class F>
  auto in_each_pool(const F& compute) {
    std::vector<decltype(compute())> answers;
    for (const std::int64_t workers : {1, 2, 3, 8}) answers.push_back(make_pool({.workers = workers}).submit(compute).get());
    answers.push_back(make_pool({.workers = 3, .spin = 0ns}).submit(compute).get());
    return answers;
  }
};

/// Sizes at which something begins or ends, and some by chance.
inline std::vector<int> sizes_to_try(std::uint64_t seed) {
  std::vector<int> sizes{0, 1, 2, 3, 7, 31, 32, 33, 255, 256, 257, 1000, 4097};
  std::mt19937_64 random(seed);
  for (int i = 0; i != 4; ++i) sizes.push_back(static_cast<int>(random() % 20'000));
  return sizes;
}

/// Numbers whose sum depends on the order in which they are added.
inline std::vector<double> uneven_numbers(int count) {
  std::mt19937_64 random(static_cast<std::uint64_t>(count));
  std::vector<double> numbers;
  for (int i = 0; i != count; ++i)
    numbers.push_back(std::uniform_real_distribution<double>(-1, 1)(random) * (i % 3 == 0 ? 1e12 : 1e-3));
  return numbers;
}

}  // namespace filch_tests
