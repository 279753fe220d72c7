// In a child made by fork() a pool is an error, not a hang.
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <filch/runtime/this_worker.hpp>
#include <filch/task/errors.hpp>

#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;

class fork_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(fork_test);

bool throws_forked(const std::function<void()>& use) {
  try {
    use();
  } catch (const filch::forked&) {
    return true;
  }
  return false;
}

TEST_P(fork_test, every_use_of_the_parents_pool_throws_in_the_child) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  auto pending = pool.submit([] { return 1; });
  EXPECT_EQ(answer_of_child([&] {
              if (!throws_forked([&] { (void)pool.submit([] {}); })) return 1;
              if (!throws_forked([&] { pool.post([] {}); })) return 2;
              if (!throws_forked([&] { pool.post_bulk(std::vector<int>{1, 2}, [](int) {}); })) return 3;
              if (!throws_forked([&] { pool.wait_idle(); })) return 4;
              if (!throws_forked([&] { pool.shutdown(); })) return 5;
              if (!throws_forked([&] { pool.shutdown_now(); })) return 6;
              if (!throws_forked([&] { pool.shutdown_for(1s); })) return 7;
              if (!throws_forked([&] { pending.wait(); })) return 8;
              if (!throws_forked([&] { (void)pending.wait_for(1s); })) return 9;
              if (!throws_forked([&] { (void)pending.get(filch::help); })) return 10;
              if (!throws_forked([&] { (void)pending.get(); })) return 11;
              if (!throws_forked([&] { (void)pending.cancel(); })) return 12;
              if (!pending.valid() || pending.ready()) return 13;
              return 0;
            }),
            0);
  held.release();
  EXPECT_EQ(pending.get(), 1);  // the parent has noticed nothing
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
}

TEST_P(fork_test, a_stop_request_in_the_child_leaves_what_the_parent_has_queued) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers held(pool, width());
  std::stop_source source;
  auto pending = pool.submit({.stop = source.get_token()}, [] { return 1; });
  EXPECT_EQ(answer_of_child([&] {
              source.request_stop();
              if (pending.ready()) return 1;
              if (!throws_forked([&] { (void)pool.submit({.stop = source.get_token()}, [] {}); })) return 2;
              if (!throws_forked([&] { (void)pool.submit({.stop = std::stop_source().get_token()}, [] {}); })) return 3;
              return 0;
            }),
            0);
  EXPECT_FALSE(source.stop_requested());
  held.release();
  EXPECT_EQ(pending.get(), 1);
}

TEST_P(fork_test, the_destructor_returns_in_the_child_also_when_the_pool_is_busy) {
  auto pool = std::make_unique<filch::scheduler>(shape());
  held_workers held(*pool, width());
  EXPECT_EQ(answer_of_child([&] {
              pool.reset();
              return 0;
            }),
            0);
  held.release();
  EXPECT_EQ(pool->submit([] { return 42; }).get(), 42);
}

TEST_P(fork_test, results_that_were_ready_and_what_was_counted_can_be_read_in_the_child) {
  filch::scheduler& pool = make_shaped_pool();
  auto done = pool.submit([] { return 42; });
  done.wait();
  EXPECT_EQ(answer_of_child([&] {
              if (pool.worker_count() != width()) return 1;
              if (pool.metrics().submitted() != 1) return 2;
              if (pool.describe().empty()) return 3;
              return done.get() == 42 ? 0 : 4;
            }),
            0);
}

TEST_P(fork_test, a_child_made_inside_a_task_is_told_as_well) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(pool.submit([&] {
                  return answer_of_child([&] {
                    if (!throws_forked([&] { (void)pool.submit([] {}); })) return 1;
                    if (!throws_forked([&] { pool.wait_idle(); })) return 2;
                    if (!throws_forked([&] { pool.shutdown(); })) return 3;
                    return 0;
                  });
                }).get(),
            0);
}

TEST_P(fork_test, forks_at_any_moment_of_a_busy_pool_leave_no_child_hanging) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<bool> enough{false};
  std::thread submitter([&] {
    while (!enough) pool.submit([&] { pool.post([] {}); }).get();
  });
  for (unsigned round = 0; round != scaled(60) + 3; ++round)
    EXPECT_EQ(answer_of_child([&] {
                if (!throws_forked([&] { (void)pool.submit([] {}); })) return 1;
                return throws_forked([&] { pool.wait_idle(); }) ? 0 : 2;
              }),
              0);
  enough = true;
  submitter.join();
}

TEST_P(fork_test, a_child_made_inside_a_task_is_on_no_worker) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(pool.submit([&] { return answer_of_child([&] { return filch::this_worker().has_value() ? 1 : 0; }); }).get(), 0);
}

TEST_P(fork_test, a_task_that_returns_in_the_child_ends_the_child) {
  filch::scheduler& pool = make_shaped_pool();
  const pid_t child = pool.submit([] {
                            const pid_t made = ::fork();
                            if (made == 0) ::alarm(60);
                            return made;
                          }).get();
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
}

#if !defined(__SANITIZE_THREAD__)  // which refuses threads in the child of a process that had some
TEST_P(fork_test, the_child_may_have_a_pool_of_its_own) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(answer_of_child([&] {
              filch::scheduler own(shape());
              if (own.submit([] { return 42; }).get() != 42) return 1;
              if (!throws_forked([&] { (void)pool.submit([] {}); })) return 2;
              own.wait_idle();
              return 0;
            }),
            0);
}

TEST_P(fork_test, a_child_made_inside_a_task_may_too_and_leaves_the_parents_queue_alone) {
  filch::scheduler_options options = shape();
  const pid_t parent = ::getpid();
  // A spare that the child starts for a worker of the parent would be seen here first.
  options.on_worker_start = [parent](const filch::worker_info&) {
    if (::getpid() != parent) ::_exit(9);
  };
  filch::scheduler& pool = make_pool(std::move(options));
  // Everybody else is still while one forks: the allocators of some sanitizers do not survive another thread's allocation.
  const event all_queued;
  const event forked;
  const auto fork_one = [&] {
    if (!all_queued.wait()) return -1;
    return answer_of_child([&] {
      filch::scheduler own(shape());
      const event go_on;
      auto late = own.submit([=] { return go_on.wait() ? 42 : 0; });
      std::thread later([=] { go_on.set(); });
      const bool right = late.get() == 42;
      later.join();
      own.wait_idle();
      return right ? 0 : 1;
    });
  };
  std::vector<filch::future<bool>> others;
  for (unsigned i = 1; i != width(); ++i) others.push_back(pool.submit([=] { return forked.wait(); }));
  auto answer = pool.submit(fork_one);
  for (int i = 0; i != 10; ++i) others.push_back(pool.submit([parent] { return ::getpid() == parent; }));
  all_queued.set();
  EXPECT_EQ(answer.get(), 0);
  forked.set();
  for (auto& each : others) EXPECT_TRUE(each.get());
}
#endif

}  // namespace
