// Three files say where to look. /proc/self/cgroup has the path of this process in each hierarchy;
// /proc/self/mountinfo has where a hierarchy is mounted and which directory of it is the root of that mount;
// the rest is walking up.
//
// All are read to their end: files of proc and cgroup report size 0.
#include "topology/cgroup_quota.hpp"

#include "topology/mountinfo.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace filch::inline v0_1::detail {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

// A positive whole number; "max", -1, and anything else that is not one mean "no limit".
std::optional<std::uint64_t> parse_limit(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

std::optional<cpu_quota> make_quota(const std::string& quota, const std::string& period,
                                    const fs::path& source) {
  const std::optional<std::uint64_t> quota_us = parse_limit(quota);
  const std::optional<std::uint64_t> period_us = parse_limit(period);
  if (!quota_us || !period_us) return std::nullopt;
  return cpu_quota{*quota_us, *period_us, source.string()};
}

std::optional<cpu_quota> quota_in(const fs::path& directory, hierarchy version) {
  if (version == hierarchy::v1) {
    const fs::path file = directory / "cpu.cfs_quota_us";
    return make_quota(first_line(file), first_line(directory / "cpu.cfs_period_us"), file);
  }
  const fs::path file = directory / "cpu.max";
  std::istringstream words(first_line(file));
  std::string quota;
  std::string period;
  words >> quota >> period;
  return make_quota(quota, period, file);
}

void keep_tighter(std::optional<cpu_quota>& tightest, std::optional<cpu_quota> found) {
  const auto cpus = [](const cpu_quota& quota) {
    return static_cast<double>(quota.quota_us) / static_cast<double>(quota.period_us);
  };
  if (found && (!tightest || cpus(*found) < cpus(*tightest))) tightest = std::move(found);
}

// From `below`, a directory under the mount point, up to the mount point. What is not there has no quota: a
// container may show its own cgroup at the mount point and still give its path on the host.
std::optional<cpu_quota> tightest_up_to(const fs::path& mount_point, fs::path below, hierarchy version) {
  std::optional<cpu_quota> tightest;
  for (;; below = below.parent_path()) {
    keep_tighter(tightest, quota_in(below.empty() ? mount_point : mount_point / below, version));
    if (below.empty()) return tightest;
  }
}

std::optional<cpu_quota> quota_of(const fs::path& root, hierarchy version) {
  const std::optional<fs::path> path = own_cgroup(root, version);
  if (!path) return std::nullopt;
  std::optional<cpu_quota> tightest;
  for (const cgroup_mount& mount : mounts_that_show(*path, cgroup_mounts(root, version))) {
    keep_tighter(tightest, tightest_up_to(mount.point, path_below(mount, *path), version));
  }
  return tightest;
}

}  // namespace

std::optional<cpu_quota> read_cpu_quota(const fs::path& root) {
  std::optional<cpu_quota> tightest = quota_of(root, hierarchy::v2);
  keep_tighter(tightest, quota_of(root, hierarchy::v1));
  return tightest;
}

}  // namespace filch::inline v0_1::detail
