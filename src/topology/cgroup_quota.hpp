// The CPU quota of this process's cgroup. Unlike its processor set no topology library sees it, and a pool
// that ignores it runs into throttling: with 32 threads and a quota of 2 CPUs all stand still for most of
// each period.
#pragma once

#include <filch/topology/worker_count.hpp>

#include <filesystem>
#include <optional>

namespace filch::inline v0_1::detail {

/// The tightest quota on the way from this process's cgroup up to the root, in cgroup v2 (`cpu.max`), v1
/// (`cpu.cfs_quota_us`) or both. Nothing if there is none or it cannot be read; never throws for what it
/// finds.
///
/// `root` stands for "/", so that a made-up tree can be read.
[[nodiscard]] std::optional<cpu_quota> read_cpu_quota(const std::filesystem::path& root = "/");

}  // namespace filch::inline v0_1::detail
