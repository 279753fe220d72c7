// What the machine deals out: storms of signals, being stopped, hardly any stack, hardly any memory. Each in a process of its
// own.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filch/runtime/scheduler.hpp>

#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;

/// Rounds of a burst from outside, tasks that wait for tasks, and sleep in between. 0 when each ran exactly once.
int work_through(const filch::scheduler_options& options, unsigned rounds) {
  filch::scheduler pool(options);
  for (unsigned round = 0; round != rounds; ++round) {
    std::vector<filch::future<unsigned>> parents;
    for (unsigned i = 0; i != 50; ++i)
      parents.push_back(pool.submit([&pool, i] {
        auto one = pool.submit([i] { return i; });
        auto other = pool.submit([] { return 1U; });
        return one.get() + other.get();
      }));
    unsigned sum = 0;
    for (auto& each : parents) sum += each.get();
    if (sum != 50 * 49 / 2 + 50) return 1;
    pool.wait_idle();
  }
  return pool.metrics().submitted() == std::uint64_t{rounds} * 150 && pool.metrics().unfinished() == 0 ? 0 : 2;
}

filch::scheduler_options with_workers(unsigned count) {
  filch::scheduler_options options;
  options.workers = count;
  options.spin = std::chrono::nanoseconds{0};
  return options;
}

std::atomic<unsigned> signals_seen{0};

/// Sends a signal to every thread of this process but its own, over and over, until told to stop.
void send_storm(const std::atomic<bool>& over) {
  const auto own = static_cast<pid_t>(::syscall(SYS_gettid));
  while (!over)
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
      const auto thread = static_cast<pid_t>(std::stol(entry.path().filename().string()));
      if (thread != own) (void)::syscall(SYS_tgkill, ::getpid(), thread, SIGUSR1);
    }
}

class hardship_test : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(workers, hardship_test, testing::ValuesIn(widths()));

TEST_P(hardship_test, a_storm_of_signals_that_interrupt_every_wait_changes_nothing) {
  EXPECT_EQ(answer_of_child([] {
              struct sigaction action {};
              action.sa_handler = [](int) { signals_seen.fetch_add(1); };  // no SA_RESTART: waits are interrupted
              if (::sigaction(SIGUSR1, &action, nullptr) != 0) return 4;
              std::atomic<bool> over{false};
              std::thread storm([&] { send_storm(over); });
              const int answer = work_through(with_workers(GetParam()), scaled(2'000));
              over = true;
              storm.join();
              return answer != 0 ? answer : signals_seen.load() == 0 ? 3 : 0;
            }),
            0);
}

TEST_P(hardship_test, a_process_that_is_stopped_again_and_again_goes_on_where_it_was) {
  EXPECT_EQ(answer_of_child([] {
              const pid_t worked = ::getpid();
              const pid_t stopper = ::fork();
              if (stopper == 0) {
                for (int i = 0; i != 40; ++i) {
                  (void)::kill(worked, SIGSTOP);
                  (void)::usleep(2'000);
                  (void)::kill(worked, SIGCONT);
                  (void)::usleep(1'000);
                }
                ::_exit(0);
              }
              int answer = 0;
              int status = 0;
              while (answer == 0 && ::waitpid(stopper, &status, WNOHANG) == 0)
                answer = work_through(with_workers(GetParam()), 5);
              return answer;
            }),
            0);
}

TEST_P(hardship_test, a_stack_of_64_kib_is_enough_for_tasks_that_wait_for_tasks) {
  if (sanitizer_slowdown != 1) GTEST_SKIP() << "sanitizers need more stack";
  EXPECT_EQ(answer_of_child([] {
              filch::scheduler_options options = with_workers(GetParam());
              options.stack_size = std::size_t{64} * 1024;
              return work_through(options, 200);
            }),
            0);
}

TEST_P(hardship_test, without_room_for_more_memory_a_submission_says_so_and_what_was_queued_runs) {
  if (sanitizer_slowdown != 1) GTEST_SKIP() << "sanitizers reserve more memory than any limit";
  EXPECT_EQ(answer_of_child([] {
              filch::scheduler pool(with_workers(GetParam()));
              pool.submit([] {}).get();
              const rlimit limit{resident_bytes() + (std::size_t{64} << 20), RLIM_INFINITY};
              std::atomic<unsigned> ran{0};
              unsigned accepted = 0;
              bool refused = false;
              {
                const held_workers held(pool, GetParam());
                if (::setrlimit(RLIMIT_AS, &limit) != 0) return 4;
                try {
                  for (; accepted != 100'000; ++accepted)
                    pool.post([&ran, room = std::array<char, 900>()] { ran += room.size() != 0; });
                } catch (const std::bad_alloc&) {
                  refused = true;
                }
                const rlimit enough{RLIM_INFINITY, RLIM_INFINITY};
                if (::setrlimit(RLIMIT_AS, &enough) != 0) return 5;
              }
              pool.wait_idle();
              if (!refused) return 1;
              if (ran != accepted) return 2;
              return pool.submit([] { return 7; }).get() == 7 ? 0 : 3;
            }),
            0);
}

}  // namespace
