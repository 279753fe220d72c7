// What the command line says.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "thumbnail.hpp"

namespace thumbnails {

struct options {
  std::filesystem::path from;
  std::filesystem::path to;
  thumbnail_options thumbnail;
  std::optional<std::int64_t> workers;
  int in_flight = 64;
  int attempts = 3;
  std::chrono::milliseconds timeout{10'000};
  bool wants_help = false;
};

extern const char* const help_text;

/// Throws std::invalid_argument with a sentence for a command line that makes no sense, directories included.
options parse_options(int argc, char** argv);

}  // namespace thumbnails
