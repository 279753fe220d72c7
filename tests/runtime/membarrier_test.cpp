// Pools where the system has no membarrier.
#if defined(__linux__)
#include <gtest/gtest.h>

#include <cerrno>

#include <sys/wait.h>

#include <filch/detail/base/asymmetric_fence.hpp>
#include <filch/runtime/scheduler.hpp>

#include "base/end_child.hpp"
#include "base/refuse_membarrier.hpp"

namespace {

constexpr int nobody_may_filter = 2;

[[noreturn]] void run_a_pool_where_it_is_refused() {
  if (!filch_tests::refuse_membarrier(ENOSYS)) filch_tests::end_child(nobody_may_filter);
  filch::scheduler pool({.workers = 2});
  const bool ran = pool.submit([] { return 42; }).get() == 42;
  filch_tests::end_child(ran && !filch::detail::fences_are_asymmetric ? 0 : 1);
}

TEST(membarrier_death_test, where_the_system_refuses_it_pools_do_without) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a program of its own, which has not chosen yet
  EXPECT_EXIT(
      run_a_pool_where_it_is_refused(),
      [](int status) { return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == nobody_may_filter); }, "");
}

}  // namespace
#endif
