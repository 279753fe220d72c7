// Every file below a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <system_error>

namespace wordcount {

using on_file = std::function<void(const std::filesystem::path&)>;
using on_unreadable = std::function<void(const std::filesystem::path&, std::error_code)>;

/// Calls `found` with each regular file below `root`, and `unreadable` with each directory that could not be
/// listed to its end. Symbolic links below `root` are not followed; returns how many there were.
std::uint64_t find_files(const std::filesystem::path& root, const on_file& found,
                         const on_unreadable& unreadable);

}  // namespace wordcount
