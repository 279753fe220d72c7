// A child made by fork() is told that the workers are in its parent.
#include "task/same_process.hpp"

#include "base/end_child.hpp"
#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <filch/detail/base/process_generation.hpp>
#include <filch/task/errors.hpp>
#include <filch/task/executor_ref.hpp>

namespace {

using filch::detail::process_generation;
using filch::detail::require_same_process;

TEST(same_process, a_number_of_this_process_passes) { EXPECT_NO_THROW(require_same_process(process_generation())); }

TEST(same_process, another_number_throws_with_the_remedy) {
  try {
    require_same_process(process_generation() + 1);
    FAIL() << "nothing was thrown";
  } catch (const filch::forked& refused) {
    EXPECT_NE(std::string(refused.what()).find("make a new scheduler"), std::string::npos) << refused.what();
  }
}

TEST(same_process, a_child_that_waits_for_its_parents_task_throws_and_one_that_is_ready_is_read) {
  filch::detail::watch_for_forks();
  filch_tests::fake_pool pool;
  const filch::executor_ref on(pool);
  auto ready = on.submit([] { return 5; });
  ASSERT_TRUE(pool.run_next());
  auto waiting = on.submit([] { return 6; });
  const ::pid_t child = ::fork();
  if (child == 0) {
    int refused = 0;
    try {
      (void)waiting.get();
    } catch (const filch::forked&) {
      ++refused;
    }
    try {
      (void)waiting.wait_for(std::chrono::hours(1));
    } catch (const filch::forked&) {
      ++refused;
    }
    filch_tests::end_child(refused == 2 && ready.get() == 5 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  ASSERT_TRUE(pool.run_next());
  EXPECT_EQ(waiting.get(), 6);
}

}  // namespace
