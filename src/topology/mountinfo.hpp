// Where the cgroup hierarchies are mounted, and where in them this process is.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace filch::inline v0_1::detail {

enum class hierarchy { v1, v2 };

/// A mount of a hierarchy: `point` shows what lies in `shown` within the hierarchy ("/" is all of it).
struct cgroup_mount {
  std::filesystem::path point;
  std::filesystem::path shown;
};

/// The mounts of v2, or those of the v1 hierarchy with the cpu controller. `root` stands for "/", as
/// everywhere here.
[[nodiscard]] std::vector<cgroup_mount> cgroup_mounts(const std::filesystem::path& root, hierarchy version);

/// This process's path within the hierarchy, e.g. "/user.slice/job".
[[nodiscard]] std::optional<std::filesystem::path> own_cgroup(const std::filesystem::path& root,
                                                              hierarchy version);

/// The mounts that show `path`. If none does (it lies outside what a container sees) all of them: their mount
/// points are then the nearest thing to this process's own cgroup.
[[nodiscard]] std::vector<cgroup_mount> mounts_that_show(const std::filesystem::path& path,
                                                         const std::vector<cgroup_mount>& mounts);

/// `path` relative to the mount point; empty for the mount point itself and for what it does not show.
[[nodiscard]] std::filesystem::path path_below(const cgroup_mount& mount, const std::filesystem::path& path);

}  // namespace filch::inline v0_1::detail
