// One image, from its file to that of its thumbnail.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>

#include "picture.hpp"

namespace thumbnails {

enum class phase : unsigned char { read, decode, resize, encode, write };
inline constexpr std::array<const char*, 5> phase_names{"read", "decode", "resize", "encode", "write"};

struct thumbnail_options {
  unsigned size = 200;
  int quality = 85;
};

struct made {
  extent original;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::array<std::chrono::nanoseconds, phase_names.size()> spent{};
};

/// In a task: a spare stands in for its worker while it reads and writes. Throws what failure.hpp has, and std::bad_alloc.
made make_thumbnail(const std::filesystem::path& source, const std::filesystem::path& target, const thumbnail_options& options,
                    const std::stop_token& stop);

}  // namespace thumbnails
