// The asymmetric fence: of two threads that store and then look, one on the light side and one on the heavy side, one sees the
// other.
#include <filch/detail/base/asymmetric_fence.hpp>

#include <filch/runtime/scheduler.hpp>

#include "base/end_child.hpp"
#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <cerrno>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

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
constexpr int nobody_can_refuse = 2;

/// From now on the system refuses membarrier to this thread, and to those that it starts.
bool refuse_membarrier(unsigned error) {
  sock_filter lines[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{static_cast<unsigned short>(std::size(lines)), lines};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

[[noreturn]] void run_a_pool_where_it_is_refused() {
  if (!refuse_membarrier(ENOSYS)) filch_tests::end_child(nobody_can_refuse);
  filch::scheduler pool({.workers = 2});
  const bool ran = pool.submit([] { return 42; }).get() == 42;
  filch_tests::end_child(ran && !fences_are_asymmetric ? 0 : 1);
}

TEST(asymmetric_fence_death_test, where_the_system_refuses_it_pools_do_without) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a program of its own, which has not chosen yet
  EXPECT_EXIT(
      run_a_pool_where_it_is_refused(),
      [](int status) { return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == nobody_can_refuse); }, "");
}

TEST(asymmetric_fence_death_test, refused_only_later_it_ends_the_program_with_a_sentence) {
  prepare_heavy_fences();
  if (!fences_are_asymmetric) GTEST_SKIP() << "there is none here";
  EXPECT_DEATH(
      {
        if (!refuse_membarrier(EPERM)) std::fputs("nobody can refuse calls here\n", stderr);
        heavy_fence();
        std::abort();
      },
      "membarrier.* is refused now|nobody can refuse");
}
#endif

}  // namespace
