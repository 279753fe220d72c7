#include "find_images.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace thumbnails {

namespace {

namespace fs = std::filesystem;

bool is_named_as_image(const fs::path& name) {
  std::string ending = name.extension().string();
  std::ranges::transform(ending, ending.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

bool is_same(const fs::path& one, const fs::path& other) {
  std::error_code unknown;
  return fs::equivalent(one, other, unknown);
}

}  // namespace

found_images find_images(const fs::path& root, const fs::path& except, const std::function<bool()>& is_over) {
  found_images all;
  std::vector<fs::path> to_list{fs::path()};  // relative
  while (!to_list.empty() && !is_over()) {
    const fs::path directory = std::move(to_list.back());
    to_list.pop_back();
    std::error_code failed;
    fs::directory_iterator entry(root / directory, failed);
    for (const fs::directory_iterator end; !failed && entry != end; entry.increment(failed)) {
      std::error_code vanished;
      const fs::file_status status = entry->symlink_status(vanished);
      const fs::path name = directory / entry->path().filename();
      if (fs::is_symlink(status))
        ++all.links;
      else if (fs::is_directory(status) && !is_same(entry->path(), except))
        to_list.push_back(name);
      else if (fs::is_regular_file(status) && is_named_as_image(name))
        all.names.push_back(name);
    }
    if (failed)
      all.complaints.push_back(printable(directory.empty() ? root : directory) + ": cannot list it: " + failed.message());
  }
  std::ranges::sort(all.names);
  return all;
}

std::string printable(const fs::path& name) {
  std::string line = name.string();
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return line;
}

}  // namespace thumbnails
