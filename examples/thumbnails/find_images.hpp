// The images below a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace thumbnails {

struct found_images {
  std::vector<std::filesystem::path> names;  // relative, in order
  std::vector<std::string> complaints;       // directories that could not be listed to their end
  std::uint64_t links = 0;                   // which are not followed
};

/// Regular files whose names end in .jpg, .jpeg or .png, large or small, below `root`, but not below `except`. Ends early when
/// asked to.
found_images find_images(const std::filesystem::path& root, const std::filesystem::path& except,
                         const std::function<bool()>& is_over);

/// A name that is one line, whatever is in it.
[[nodiscard]] std::string printable(const std::filesystem::path& name);

}  // namespace thumbnails
