// The workloads of benchmarks/suite have their right answers on filch, however many workers there are, also when none of them
// looks for work before it parks.
#include <chrono>
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "suite/runtimes/filch/runtime.hpp"
#include "suite/runtimes/serial/runtime.hpp"
#include "suite/workloads/all.hpp"

namespace {

template <class Runtime>
void expect_right_answers(Runtime& runtime) {
  suite::all_workloads::for_each<Runtime>([&](const suite::offered_workload<Runtime>& each) {
    EXPECT_TRUE(each.run(runtime, suite::problem_size::tiny).right) << each.name;
  });
}

TEST(suite_answers, are_right_without_a_scheduler) {
  suite::serial_runtime runtime(1);
  expect_right_answers(runtime);
}

TEST(suite_workloads, offer_filch_the_children_of_a_worker) {
  int offered = 0;
  suite::all_workloads::for_each<suite::filch_runtime>(
      [&](const suite::offered_workload<suite::filch_runtime>& each) { offered += each.name == "worker_children" ? 1 : 0; });
  EXPECT_EQ(offered, 1);
}

class suite_on_filch : public testing::TestWithParam<std::int64_t> {
 protected:
  void run(std::optional<std::chrono::nanoseconds> spin) {
    suite::filch_runtime runtime(filch::scheduler_options{.workers = GetParam(), .spin = spin});
    expect_right_answers(runtime);
  }
};

TEST_P(suite_on_filch, answers_rightly) { run({}); }

TEST_P(suite_on_filch, answers_rightly_when_workers_park_at_once) { run(std::chrono::nanoseconds(0)); }

INSTANTIATE_TEST_SUITE_P(workers, suite_on_filch, testing::Values(1, 2, 3, 8));

}  // namespace
