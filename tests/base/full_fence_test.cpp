// The fence between a store and a later load: without it both of two threads can miss the other's store.
#include <filch/detail/base/full_fence.hpp>

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace {

using filch::detail::full_fence;
using filch_tests::stampede;
using filch_tests::tries;

struct alignas(64) mark {
  std::atomic<int> value{0};
};

TEST(full_fence, of_two_threads_that_store_and_then_look_one_sees_the_other) {
  constexpr std::size_t pairs = 20'000;
  constexpr std::uint64_t batches = tries(10, 2);
  const auto raised = std::make_unique<mark[]>(2 * pairs);
  const auto seen = std::make_unique<int[]>(2 * pairs);
  std::uint64_t both_missed = 0;
  for (std::uint64_t batch = 0; batch != batches; ++batch) {
    for (std::size_t i = 0; i != 2 * pairs; ++i) raised[i].value.store(0, std::memory_order_relaxed);
    mark progress[2];
    stampede(2, [&](unsigned self) {
      for (std::size_t i = 0; i != pairs; ++i) {
        // Keeps the two side by side while both run; if the other is not running, there is no use in waiting.
        progress[self].value.store(static_cast<int>(i));
        for (int turn = 0; turn != 500 && progress[1 - self].value.load() < static_cast<int>(i); ++turn) {}
        raised[2 * i + self].value.store(1, std::memory_order_relaxed);
        full_fence();
        seen[2 * i + self] = raised[2 * i + 1 - self].value.load(std::memory_order_relaxed);
      }
    });
    for (std::size_t i = 0; i != pairs; ++i) both_missed += seen[2 * i] == 0 && seen[2 * i + 1] == 0;
  }
  EXPECT_EQ(both_missed, 0U);
}

}  // namespace
