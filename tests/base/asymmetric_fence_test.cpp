// The asymmetric fence: of two threads that store and then look, one on the light side and one on the heavy side, one sees the
// other.
#include <filch/detail/base/asymmetric_fence.hpp>

#include "base/refuse_membarrier.hpp"
#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

namespace {

using filch::detail::fences_are_asymmetric;
using filch::detail::heavy_fence;
using filch::detail::light_fence;
using filch::detail::prepare_heavy_fences;
using filch_tests::stampede;
using filch_tests::tries;

// The light side goes through its pairs as fast as it can; the heavy side looks where that is, and takes the pair just ahead.
TEST(asymmetric_fence, of_a_light_and_a_heavy_side_that_store_and_then_look_one_sees_the_other) {
  prepare_heavy_fences();
  constexpr std::size_t pairs = 1'000'000;
  constexpr std::uint64_t batches = tries(6, 2);
  const auto light = std::make_unique<std::atomic<std::uint8_t>[]>(pairs);
  const auto heavy = std::make_unique<std::atomic<std::uint8_t>[]>(pairs);
  const auto light_saw = std::make_unique<std::uint8_t[]>(pairs);
  std::uint64_t both_missed = 0;
  for (std::uint64_t batch = 0; batch != batches; ++batch) {
    for (std::size_t i = 0; i != pairs; ++i) {
      light[i].store(0, std::memory_order_relaxed);
      heavy[i].store(0, std::memory_order_relaxed);
    }
    std::atomic<std::size_t> progress{0};
    std::vector<std::pair<std::size_t, int>> heavy_saw;
    stampede(2, [&](unsigned side) {
      if (side == 0) {
        for (std::size_t i = 0; i != pairs; ++i) {
          light[i].store(1, std::memory_order_relaxed);
          light_fence();
          light_saw[i] = heavy[i].load(std::memory_order_relaxed);
          progress.store(i, std::memory_order_relaxed);
        }
        return;
      }
      for (std::size_t at = 0; (at = progress.load(std::memory_order_relaxed)) + 100 < pairs;) {
        const std::size_t ahead = at + 1 + heavy_saw.size() % 50;
        heavy[ahead].store(1, std::memory_order_relaxed);
        heavy_fence();
        heavy_saw.emplace_back(ahead, light[ahead].load(std::memory_order_relaxed));
      }
    });
    for (const auto& [pair, saw] : heavy_saw) both_missed += saw == 0 && light_saw[pair] == 0;
  }
  EXPECT_EQ(both_missed, 0U);
}

TEST(asymmetric_fence, is_chosen_once_and_can_be_asked_for_again) {
  prepare_heavy_fences();
  const bool chosen = fences_are_asymmetric.load();
  prepare_heavy_fences();
  EXPECT_EQ(fences_are_asymmetric.load(), chosen);
  heavy_fence();
  light_fence();
}

#if defined(__linux__)
TEST(asymmetric_fence_death_test, refused_only_later_it_ends_the_program_with_a_sentence) {
  prepare_heavy_fences();
  if (!fences_are_asymmetric) GTEST_SKIP() << "there is none here";
  EXPECT_DEATH(
      {
        if (!filch_tests::refuse_membarrier(EPERM)) std::fputs("nobody can refuse calls here\n", stderr);
        heavy_fence();
        std::abort();
      },
      "membarrier.* is refused now|nobody can refuse");
}
#endif

}  // namespace
