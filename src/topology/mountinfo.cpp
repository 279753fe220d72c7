// Reading /proc/self/mountinfo: where the cgroup file systems are mounted.
#include "topology/mountinfo.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace filch::inline v0_1::detail {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::istringstream stream(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// Several v1 controllers may share a hierarchy: "cpu,cpuacct". Searching the text for "cpu" would find
// "cpuset".
bool lists_cpu(const std::string& controllers) {
  const std::vector<std::string> names = split(controllers, ',');
  return std::find(names.begin(), names.end(), "cpu") != names.end();
}

// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string unescape(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
        octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// Does `path` lie in what the mount shows? Outside this process's namespace both begin with "..".
bool shows(const cgroup_mount& mount, const fs::path& path) {
  const fs::path below = path.lexically_relative(mount.shown);
  return !below.empty() && *below.begin() != "..";
}

}  // namespace

// "31 23 0:28 <shown> <point> <options> [tags...] - <type> <source> <super options>"
std::vector<cgroup_mount> cgroup_mounts(const fs::path& root, hierarchy version) {
  std::vector<cgroup_mount> mounts;
  for (const std::string& line : lines_of(root / "proc/self/mountinfo")) {
    const std::vector<std::string> fields = split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (dash - fields.begin() < 6 || fields.end() - dash < 4) continue;
    const bool wanted =
        version == hierarchy::v2 ? dash[1] == "cgroup2" : dash[1] == "cgroup" && lists_cpu(dash[3]);
    if (!wanted) continue;
    mounts.push_back({root / fs::path(unescape(fields[4])).relative_path(), fs::path(unescape(fields[3]))});
  }
  return mounts;
}

// "0::/path" is v2, "4:cpu,cpuacct:/path" is v1. The path may have colons itself.
std::optional<fs::path> own_cgroup(const fs::path& root, hierarchy version) {
  for (const std::string& line : lines_of(root / "proc/self/cgroup")) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool wanted = version == hierarchy::v2 ? controllers.empty() && line.substr(0, first) == "0"
                                                 : lists_cpu(controllers);
    if (wanted) return fs::path(line.substr(second + 1));
  }
  return std::nullopt;
}

std::vector<cgroup_mount> mounts_that_show(const fs::path& path, const std::vector<cgroup_mount>& mounts) {
  std::vector<cgroup_mount> showing;
  for (const cgroup_mount& mount : mounts) {
    if (shows(mount, path)) showing.push_back(mount);
  }
  return showing.empty() ? mounts : showing;
}

fs::path path_below(const cgroup_mount& mount, const fs::path& path) {
  if (!shows(mount, path)) return {};
  const fs::path below = path.lexically_relative(mount.shown);
  return below == "." ? fs::path{} : below;
}

}  // namespace filch::inline v0_1::detail
