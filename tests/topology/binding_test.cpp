// Binds real threads of this machine. Under `taskset` the tests see, and stay in, what it leaves.
#include <filch/topology/binding.hpp>
#include <filch/topology/placement.hpp>
#include <filch/topology/topology.hpp>

#include "topology/judge_binding.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

namespace {

using filch::bind_current_thread;
using filch::bind_outcome;
using filch::bind_result;
using filch::cpu_set;
using filch::current_thread_cpus;
using filch::topology;

// Binding is for life, so each attempt has a thread of its own.
template <class Attempt>
void on_a_thread(Attempt attempt) {
  std::thread(attempt).join();
}

TEST(Binding, AThreadInheritsAMaskThatTheMachineHas) {
  const cpu_set mask = current_thread_cpus();
  EXPECT_FALSE(mask.empty());
  EXPECT_TRUE(mask.intersects(topology::detect().allowed()));
}

TEST(Binding, EachAllowedProcessorCanBeBoundToAndReadBack) {
  for (const unsigned cpu : current_thread_cpus() & topology::detect().allowed()) {
    on_a_thread([cpu] {
      const bind_result result = bind_current_thread({cpu});
      if (result.outcome == bind_outcome::not_supported) GTEST_SKIP() << result.sentence;
      EXPECT_TRUE(result.ok()) << result.sentence;
      EXPECT_EQ(result.sentence, "");
      EXPECT_EQ(result.now, cpu_set{cpu});
      EXPECT_EQ(current_thread_cpus(), cpu_set{cpu});
    });
  }
}

TEST(Binding, AThreadStartedByABoundThreadInheritsItsMask) {
  on_a_thread([] {
    const unsigned cpu = current_thread_cpus().first();
    if (!bind_current_thread({cpu}).ok()) GTEST_SKIP() << "threads cannot be bound here";
    on_a_thread([cpu] { EXPECT_EQ(current_thread_cpus(), cpu_set{cpu}); });
  });
}

TEST(Binding, APoolMadeOnABoundThreadIsPlannedInsideItsMask) {
  on_a_thread([] {
    const unsigned cpu = current_thread_cpus().first();
    if (!bind_current_thread({cpu}).ok()) GTEST_SKIP() << "threads cannot be bound here";
    const filch::placement_plan plan =
        filch::plan_placement(topology::detect().restricted_to(current_thread_cpus()));
    ASSERT_EQ(plan.workers.size(), 1U);
    EXPECT_EQ(plan.workers[0].cpus, cpu_set{cpu});
  });
}

TEST(Binding, AProcessorThatIsNotThereIsReportedAndChangesNothing) {
  on_a_thread([] {
    const cpu_set before = current_thread_cpus();
    const bind_result result = bind_current_thread({cpu_set::max_index});
    EXPECT_FALSE(result.ok());
    EXPECT_NE(result.sentence.find("1048575"), std::string::npos) << result.sentence;
    EXPECT_EQ(result.now, before);
    EXPECT_EQ(current_thread_cpus(), before);
  });
}

TEST(Binding, TheEmptySetIsRefused) {
  on_a_thread([] {
    const bind_result result = bind_current_thread({});
    EXPECT_EQ(result.outcome, bind_outcome::refused);
    EXPECT_FALSE(result.sentence.empty());
  });
}

// No healthy system accepts a request and ignores it, so the judgement is tested without one.
TEST(BindingJudgement, BelievesWhatIsReadBackAndNotWhatTheRequestReturned) {
  using filch::detail::judge_binding;
  const cpu_set wanted{3};
  EXPECT_EQ(judge_binding(wanted, 0, wanted).outcome, bind_outcome::bound);
  EXPECT_EQ(judge_binding(wanted, 0, cpu_set{0, 1, 2, 3}).outcome, bind_outcome::differs);
  EXPECT_EQ(judge_binding(wanted, 0, cpu_set{0, 1, 2, 3}).now, (cpu_set{0, 1, 2, 3}));
  EXPECT_EQ(judge_binding(wanted, 0, std::nullopt).outcome, bind_outcome::not_supported);
  EXPECT_EQ(judge_binding(wanted, ENOSYS, std::nullopt).outcome, bind_outcome::not_supported);
  EXPECT_EQ(judge_binding(wanted, EXDEV, cpu_set{0}).outcome, bind_outcome::not_supported);
  EXPECT_EQ(judge_binding(wanted, EPERM, cpu_set{0}).outcome, bind_outcome::refused);
}

TEST(BindingJudgement, EveryFailureSaysWhatWasWantedAndWhatHappened) {
  using filch::detail::judge_binding;
  const std::string refused = judge_binding({3}, EPERM, cpu_set{0}).sentence;
  EXPECT_NE(refused.find("processors 3"), std::string::npos) << refused;
  EXPECT_NE(refused.find("not permitted"), std::string::npos) << refused;
  const std::string differs = judge_binding({3}, 0, cpu_set{0, 1}).sentence;
  EXPECT_NE(differs.find("0-1"), std::string::npos) << differs;
}

// Runs in a process of its own, because a topology is detected once.
TEST(BindingDeathTest, OnAMachineThatIsNotThisOneBindingSaysThatItDoesNothing) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto bind_elsewhere = [] {
    setenv("HWLOC_SYNTHETIC", "package:2 core:2 pu:2", 1);
    const bool whole = topology::detect().allowed().count() == 8 && current_thread_cpus().count() == 8;
    std::exit(whole && bind_current_thread({0}).outcome == bind_outcome::not_supported ? 0 : 1);
  };
  EXPECT_EXIT(bind_elsewhere(), testing::ExitedWithCode(0), "");
}

}  // namespace
