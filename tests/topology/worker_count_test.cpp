#include <filch/topology/worker_count.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

using filch::cpu_quota;
using filch::decide_worker_count;

TEST(WorkerCount, IsTheAllowedHardwareThreadsWithoutAQuota) {
  const filch::worker_count decided = decide_worker_count(12, {}, nullptr);
  EXPECT_EQ(decided.workers, 12U);
  EXPECT_NE(decided.why.find("12 hardware threads allowed"), std::string::npos) << decided.why;
}

TEST(WorkerCount, IsTheQuotaRoundedUpWhereThatIsLess) {
  EXPECT_EQ(decide_worker_count(8, cpu_quota{150000, 100000, "f"}, nullptr).workers, 2U);
  EXPECT_EQ(decide_worker_count(8, cpu_quota{200000, 100000, "f"}, nullptr).workers, 2U);
  EXPECT_EQ(decide_worker_count(8, cpu_quota{200001, 100000, "f"}, nullptr).workers, 3U);
  EXPECT_EQ(decide_worker_count(8, cpu_quota{1000, 100000, "f"}, nullptr).workers, 1U);
  EXPECT_EQ(decide_worker_count(8, cpu_quota{~0ULL, 1, "f"}, nullptr).workers, 8U);
}

TEST(WorkerCount, AQuotaOfNothingIsOneWorkerAndAPeriodOfNothingLimitsNothing) {
  EXPECT_EQ((cpu_quota{0, 100000, "f"}).whole_cpus(), 1U);
  EXPECT_EQ(decide_worker_count(8, cpu_quota{0, 100000, "f"}, nullptr).workers, 1U);
  EXPECT_EQ(decide_worker_count(8, cpu_quota{100000, 0, "f"}, nullptr).workers, 8U);
}

TEST(WorkerCount, NamesTheFileThatSetTheQuota) {
  const std::string why = decide_worker_count(8, cpu_quota{150000, 100000, "/x/cpu.max"}, nullptr).why;
  EXPECT_NE(why.find("/x/cpu.max"), std::string::npos) << why;
  EXPECT_NE(why.find("150000"), std::string::npos) << why;
}

TEST(WorkerCount, IsAtLeastOneAndAtMostTheMaximum) {
  EXPECT_EQ(decide_worker_count(0, {}, nullptr).workers, 1U);
  EXPECT_EQ(decide_worker_count(100000, {}, nullptr).workers, filch::max_workers);
}

TEST(WorkerCount, TheEnvironmentReplacesBothDefaults) {
  EXPECT_EQ(decide_worker_count(8, cpu_quota{100000, 100000, "f"}, "5").workers, 5U);
  EXPECT_EQ(decide_worker_count(2, {}, "64").workers, 64U);
  EXPECT_EQ(decide_worker_count(2, {}, "4096").workers, 4096U);
  EXPECT_NE(decide_worker_count(2, {}, "1").why.find("FILCH_WORKERS"), std::string::npos);
}

TEST(WorkerCount, ABadEnvironmentValueIsAnErrorThatSaysWhatIsRight) {
  for (const char* bad : {"banana", "0", "-3", "", "4x", "x4", " 4", "4 ", "+4", "1.5", "0x4", "16385",
                          "4294967297", "99999999999999999999"}) {
    try {
      static_cast<void>(decide_worker_count(8, {}, bad));
      ADD_FAILURE() << '"' << bad << "\" was accepted";
    } catch (const std::invalid_argument& error) {
      const std::string what = error.what();
      EXPECT_NE(what.find("FILCH_WORKERS=\"" + std::string(bad) + '"'), std::string::npos) << what;
      EXPECT_NE(what.find("from 1 to 4096"), std::string::npos) << what;
    }
  }
}

}  // namespace
