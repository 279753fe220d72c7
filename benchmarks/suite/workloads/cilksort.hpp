// cilksort: sorts whole numbers. Quarters are sorted at the same time and merged in pairs; a merge is divided at the middle of
// the longer part.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "suite/concepts.hpp"
#include "suite/measurement.hpp"
#include "suite/mix.hpp"

namespace suite {

struct cilksort {
  static constexpr const char* name = "cilksort";

  template <fork_join_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    std::vector<key> keys = drawn(pick<std::size_t>(size, 10'000'000, 1'000'000, 20'000));
    std::vector<key> space(keys.size());
    const std::uint64_t before = fingerprint(keys);
    const passage passed = timed([&] { runtime.run([&] { sort<Runtime>(keys, space); }); });
    return milliseconds(passed, std::ranges::is_sorted(keys) && fingerprint(keys) == before);
  }

 private:
  using key = std::uint32_t;
  using part = std::span<key>;

  static constexpr std::size_t short_enough = 2048;

  // With `space`, as long as the keys, to merge into.
  template <class Runtime>
  static void sort(part keys, part space) {
    if (keys.size() <= short_enough) {
      std::ranges::sort(keys);
      return;
    }
    const std::size_t middle = keys.size() / 2;
    Runtime::join([=] { sort_half<Runtime>(keys.first(middle), space.first(middle)); },
                  [=] { sort_half<Runtime>(keys.subspan(middle), space.subspan(middle)); });
    merge<Runtime>(space.first(middle), space.subspan(middle), keys);
  }

  // The sorted keys are in `space` afterwards.
  template <class Runtime>
  static void sort_half(part keys, part space) {
    const std::size_t middle = keys.size() / 2;
    Runtime::join([=] { sort<Runtime>(keys.first(middle), space.first(middle)); },
                  [=] { sort<Runtime>(keys.subspan(middle), space.subspan(middle)); });
    merge<Runtime>(keys.first(middle), keys.subspan(middle), space);
  }

  template <class Runtime>
  static void merge(part left, part right, part to) {
    if (left.size() < right.size()) std::swap(left, right);
    if (to.size() <= short_enough) {
      std::ranges::merge(left, right, to.begin());
      return;
    }
    const std::size_t middle = left.size() / 2;
    const auto below = static_cast<std::size_t>(std::ranges::lower_bound(right, left[middle]) - right.begin());
    Runtime::join([=] { merge<Runtime>(left.first(middle), right.first(below), to.first(middle + below)); },
                  [=] { merge<Runtime>(left.subspan(middle), right.subspan(below), to.subspan(middle + below)); });
  }

  static std::vector<key> drawn(std::size_t count) {
    std::vector<key> keys(count);
    std::uint64_t seed = 4;
    for (key& each : keys) each = static_cast<key>(seed = mix(seed));
    return keys;
  }

  // The same for the same keys in any order.
  static std::uint64_t fingerprint(const std::vector<key>& keys) {
    std::uint64_t sum = 0;
    for (const key each : keys) sum += mix(each);
    return sum;
  }
};

}  // namespace suite
