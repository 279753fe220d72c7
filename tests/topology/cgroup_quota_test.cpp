// Quotas are read from made-up trees, each a small file system of its own with the layouts that are met in
// the wild.
#include "topology/cgroup_quota.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace {

namespace fs = std::filesystem;
using filch::cpu_quota;
using filch::detail::read_cpu_quota;

class cgroup_quota_tree : public testing::Test {
 protected:
  cgroup_quota_tree() {
    std::string name = testing::TempDir() + "cgroup_quota_XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~cgroup_quota_tree() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  void write(const std::string& path, const std::string& text) {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void own_path(const std::string& lines) { write("proc/self/cgroup", lines); }
  void mounts(const std::string& lines) { write("proc/self/mountinfo", lines); }

  // The quota in CPUs, or 0 if there is none.
  [[nodiscard]] double cpus() const {
    const std::optional<cpu_quota> quota = read_cpu_quota(root_);
    return quota ? static_cast<double>(quota->quota_us) / static_cast<double>(quota->period_us) : 0;
  }

  static constexpr const char* v2_mount =
      "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";

  fs::path root_;
};

TEST_F(cgroup_quota_tree, AnEmptySystemHasNone) { EXPECT_FALSE(read_cpu_quota(root_)); }

TEST_F(cgroup_quota_tree, ReadsVersion2) {
  own_path("0::/job\n");
  mounts(v2_mount);
  write("sys/fs/cgroup/job/cpu.max", "150000 100000\n");
  const std::optional<cpu_quota> quota = read_cpu_quota(root_);
  ASSERT_TRUE(quota);
  EXPECT_EQ(quota->quota_us, 150000U);
  EXPECT_EQ(quota->period_us, 100000U);
  EXPECT_EQ(quota->whole_cpus(), 2U);
  EXPECT_EQ(quota->source, (root_ / "sys/fs/cgroup/job/cpu.max").string());
}

TEST_F(cgroup_quota_tree, MaxIsNoQuota) {
  own_path("0::/job\n");
  mounts(v2_mount);
  write("sys/fs/cgroup/job/cpu.max", "max 100000\n");
  EXPECT_EQ(cpus(), 0);
}

TEST_F(cgroup_quota_tree, TakesTheSmallestOnTheWayUp) {
  own_path("0::/a/b/c\n");
  mounts(v2_mount);
  write("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  write("sys/fs/cgroup/a/b/cpu.max", "50000 20000\n");
  write("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 2.0);
  write("sys/fs/cgroup/a/b/c/cpu.max", "30000 20000\n");
  EXPECT_DOUBLE_EQ(cpus(), 1.5);
}

TEST_F(cgroup_quota_tree, DoesNotLookAtSiblings) {
  own_path("0::/a/mine\n");
  mounts(v2_mount);
  write("sys/fs/cgroup/a/other/cpu.max", "1000 100000\n");
  write("sys/fs/cgroup/a/mine/cpu.max", "300000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 3.0);
}

TEST_F(cgroup_quota_tree, ANamespaceShowsItsOwnGroupAsTheRoot) {
  own_path("0::/\n");
  mounts(v2_mount);
  write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 4.0);
}

TEST_F(cgroup_quota_tree, ReadsVersion1WithControllersThatShareAHierarchy) {
  own_path("5:cpuset:/elsewhere\n4:cpu,cpuacct:/docker/abc\n0::/\n");
  mounts(
      "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "250000\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 2.5);
}

TEST_F(cgroup_quota_tree, ACpusetHierarchyIsNotTheCpuHierarchy) {
  own_path("5:cpuset:/job\n");
  mounts("33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
  write("sys/fs/cgroup/cpuset/job/cpu.cfs_quota_us", "1000\n");
  write("sys/fs/cgroup/cpuset/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cpus(), 0);
}

TEST_F(cgroup_quota_tree, AContainerWhoseMountShowsOnlyItsOwnGroup) {
  own_path("4:cpu:/docker/abc/inner\n");
  mounts("32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us", "100000\n");
  write("sys/fs/cgroup/cpu/inner/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 1.0);
}

TEST_F(cgroup_quota_tree, APathOutsideTheMountFallsBackToTheMountPoint) {
  own_path("4:cpu:/system.slice/agent\n");
  mounts("32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 3.0);
}

TEST_F(cgroup_quota_tree, APathAboveTheNamespaceFallsBackToTheMountPoint) {
  own_path("0::/../sibling\n");
  mounts(v2_mount);
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  write("sys/fs/sibling/cpu.max", "1000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 2.0);
}

TEST_F(cgroup_quota_tree, AMountFromOutsideTheNamespaceStillShowsWhatLiesInIt) {
  own_path("0::/../outer/job\n");
  mounts("31 23 0:28 /../outer /mnt/outer rw - cgroup2 cgroup2 rw\n");
  write("mnt/outer/cpu.max", "300000 100000\n");
  write("mnt/outer/job/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 2.0);
}

TEST_F(cgroup_quota_tree, AnotherContainersMountIsNotOurs) {
  own_path("0::/mine\n");
  mounts(std::string(v2_mount) + "40 23 0:28 /other /mnt/other rw - cgroup2 cgroup2 rw\n");
  write("sys/fs/cgroup/mine/cpu.max", "300000 100000\n");
  write("mnt/other/cpu.max", "1000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 3.0);
}

TEST_F(cgroup_quota_tree, AHybridSystemHasTheTighterOfBoth) {
  own_path("4:cpu:/job\n0::/job\n");
  mounts(
      "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  write("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "300000\n");
  write("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 3.0);
  write("sys/fs/cgroup/unified/job/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 2.0);
}

TEST_F(cgroup_quota_tree, MountPointsMayHaveSpacesAndPathsColons) {
  own_path("0::/odd:name\n");
  mounts("31 23 0:28 / /mnt/my\\040cgroups rw - cgroup2 cgroup2 rw\n");
  write("mnt/my cgroups/odd:name/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 2.0);
}

TEST_F(cgroup_quota_tree, AMountPointMayEndInAnEscape) {
  own_path("0::/\n");
  mounts("31 23 0:28 / /mnt/cgroups\\040 rw - cgroup2 cgroup2 rw\n");
  write("mnt/cgroups /cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 2.0);
}

TEST_F(cgroup_quota_tree, ABackslashThatBeginsNoEscapeStandsForItself) {
  own_path("0::/\n");
  for (const std::string name : {"a\\", "a\\04", "a\\x40", "a\\-40", "a\\0x0", "a\\0-0", "a\\04x", "a\\04-"}) {
    mounts("31 23 0:28 / /mnt/" + name + " rw - cgroup2 cgroup2 rw\n");
    write("mnt/" + name + "/cpu.max", "200000 100000\n");
    EXPECT_DOUBLE_EQ(cpus(), 2.0) << name;
  }
}

TEST_F(cgroup_quota_tree, AnEmptyPathFallsBackToTheMountPoint) {
  own_path("0::\n");
  mounts(v2_mount);
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 2.0);
}

TEST_F(cgroup_quota_tree, AMountOfSomethingThatIsNoPathShowsNothing) {
  own_path("0::/job\n");
  mounts(std::string(v2_mount) + "40 23 0:28 cgroup:[7] /mnt/other rw - cgroup2 cgroup2 rw\n");
  write("sys/fs/cgroup/job/cpu.max", "300000 100000\n");
  write("mnt/other/cpu.max", "1000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 3.0);
}

TEST_F(cgroup_quota_tree, ADeletedGroupStillHasItsParents) {
  own_path("0::/job/gone (deleted)\n");
  mounts(v2_mount);
  write("sys/fs/cgroup/job/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(cpus(), 2.0);
}

TEST_F(cgroup_quota_tree, NonsenseInAnyFileIsNoQuota) {
  for (const char* text : {"", "\n", "banana 100000\n", "100000\n", "100000 0\n", "0 100000\n", "-5 100000\n",
                           "99999999999999999999999 100000\n", "1e5 100000\n", "100000 100000x\n"}) {
    own_path("0::/job\n");
    mounts(v2_mount);
    write("sys/fs/cgroup/job/cpu.max", text);
    EXPECT_EQ(cpus(), 0) << text;
  }
  for (const char* text : {"", "::\n", "0\n", "banana", "0:\n", ":::::\n"}) {
    own_path(text);
    EXPECT_NO_THROW(static_cast<void>(cpus())) << text;
  }
  own_path("0::/job\n");
  for (const char* text : {"", "- - - -\n", "1 2 3 4 5 6 -\n", "x\n", "1 2 3 / /x rw - cgroup2\n"}) {
    mounts(text);
    EXPECT_EQ(cpus(), 0) << text;
  }
}

TEST_F(cgroup_quota_tree, ADirectoryWhereAFileShouldBeIsNoQuota) {
  own_path("0::/job\n");
  mounts(v2_mount);
  fs::create_directories(root_ / "sys/fs/cgroup/job/cpu.max");
  EXPECT_EQ(cpus(), 0);
}

// The files of proc have size 0 and are not empty, which no made-up file can be.
TEST(CgroupQuotaOfThisProcess, IsReadWithoutComplaint) {
  const std::optional<cpu_quota> quota = read_cpu_quota();
  if (quota) {
    EXPECT_GE(quota->whole_cpus(), 1U);
  }
}

}  // namespace
