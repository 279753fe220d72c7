// Files as a whole: read, and replaced.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <vector>

#include "picture.hpp"

namespace thumbnails {

/// Throws io_error, too_large, stopped.
[[nodiscard]] std::vector<std::uint8_t> read_file(const std::filesystem::path& path, const std::stop_token& stop);

/// Writes a temporary file beside `target`, whose directory is made, and renames it: `target` is what it was or what it is to
/// be, also when the disk is full. Refuses to replace `source`. Throws io_error, image_error, stopped.
void replace_file(const std::filesystem::path& target, byte_span contents, const std::filesystem::path& source,
                  const std::stop_token& stop);

/// Ends the program at once, whatever still runs. No temporary file stays.
[[noreturn]] void exit_without_waiting(int status) noexcept;

}  // namespace thumbnails
