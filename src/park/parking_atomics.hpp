// The atomics policy of the idle protocol: the standard one, and parking on a futex.
#pragma once

#include <filch/detail/base/atomics.hpp>

#include "park/futex.hpp"

namespace filch::inline v0_1::detail {

struct parking_atomics : standard_atomics {
  static void wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
    futex_wait(word, expected);
  }
  static void wake(const std::atomic<std::uint32_t>& word) noexcept { futex_wake_one(&word); }
};

}  // namespace filch::inline v0_1::detail
