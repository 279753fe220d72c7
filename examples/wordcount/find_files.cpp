#include "find_files.hpp"

#include <utility>
#include <vector>

namespace wordcount {

// Not a recursive_directory_iterator: that one ends at the first directory it cannot list, or says nothing
// about it.
std::uint64_t find_files(const std::filesystem::path& root, const on_file& found,
                         const on_unreadable& unreadable) {
  std::uint64_t links = 0;
  std::vector<std::filesystem::path> to_list{root};
  while (!to_list.empty()) {
    const std::filesystem::path directory = std::move(to_list.back());
    to_list.pop_back();

    std::error_code failure;
    std::filesystem::directory_iterator entry(directory, failure);
    for (const std::filesystem::directory_iterator end; !failure && entry != end; entry.increment(failure)) {
      std::error_code vanished;
      const std::filesystem::file_status status = entry->symlink_status(vanished);
      if (std::filesystem::is_regular_file(status))
        found(entry->path());
      else if (std::filesystem::is_directory(status))
        to_list.push_back(entry->path());
      else if (std::filesystem::is_symlink(status))
        ++links;
      else if (vanished)
        unreadable(entry->path(), vanished);
    }
    if (failure) unreadable(directory, failure);
  }
  return links;
}

}  // namespace wordcount
