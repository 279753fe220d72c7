// Which tasks a thread is running, and what role it has.
#include "task/thread_role.hpp"

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include <filch/task/executor_ref.hpp>

namespace {

using filch::detail::blocked_wait;
using filch::detail::running_task;
using filch_tests::fake_pool;

class silent_task final : public filch::detail::task_node {
 public:
  explicit silent_task(filch::detail::task_pool& pool) : task_node(table, pool, 1) {}

 private:
  static constexpr filch::detail::task_operations table{nullptr, nullptr, nullptr, false};
};

TEST(thread_role, nested_tasks_are_all_running_until_their_frames_end) {
  fake_pool pool;
  const silent_task outer(pool);
  const silent_task inner(pool);
  EXPECT_FALSE(running_task::is_running(outer));
  {
    const running_task first(outer);
    {
      const running_task second(inner);
      EXPECT_TRUE(running_task::is_running(outer));
      EXPECT_TRUE(running_task::is_running(inner));
    }
    EXPECT_TRUE(running_task::is_running(outer));
    EXPECT_FALSE(running_task::is_running(inner));
  }
  EXPECT_FALSE(running_task::is_running(outer));
}

TEST(thread_role, a_task_runs_on_its_own_thread_only) {
  fake_pool pool;
  const silent_task task(pool);
  const running_task frame(task);
  bool elsewhere = true;
  std::thread([&] { elsewhere = running_task::is_running(task); }).join();
  EXPECT_FALSE(elsewhere);
}

TEST(thread_role, a_thread_knows_whether_it_runs_a_task_of_a_pool) {
  fake_pool pool;
  fake_pool other;
  const silent_task task(pool);
  EXPECT_FALSE(running_task::runs_one_of(pool));
  const running_task frame(task);
  EXPECT_TRUE(running_task::runs_one_of(pool));
  EXPECT_FALSE(running_task::runs_one_of(other));
}

TEST(thread_role, outside_of_a_worker_there_is_no_role_and_a_blocked_wait_counts_nowhere) {
  EXPECT_EQ(filch::detail::this_thread_role, nullptr);
  EXPECT_EQ(filch::detail::role_to_replace, nullptr);
  const blocked_wait nothing(nullptr);
}

TEST(thread_role, a_blocked_wait_that_was_refused_is_not_ended) {
  struct refusing final : filch::detail::worker_role {
    bool try_run_in_place(filch::detail::task_node&) noexcept override { return false; }
    void begin_blocked_wait() override {
      if (refuses) throw std::runtime_error("refused");
      ++open;
    }
    void end_blocked_wait() noexcept override { --open; }
    void take_back_end_of_blocked_wait() noexcept override { ++open; }
    bool refuses = true;
    int open = 0;
  } role;
  EXPECT_THROW(blocked_wait{&role}, std::runtime_error);
  EXPECT_EQ(role.open, 0);
  role.refuses = false;
  {
    const blocked_wait waiting(&role);
    EXPECT_EQ(role.open, 1);
  }
  EXPECT_EQ(role.open, 0);
}

}  // namespace
