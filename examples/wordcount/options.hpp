// What the command line says.
#pragma once

#include <filesystem>

namespace wordcount {

struct options {
  std::filesystem::path directory = "/usr/include";
  bool wants_help = false;
};

extern const char* const help_text;

/// Throws std::invalid_argument with a sentence for a command line that makes no sense, a directory that is
/// none included.
options parse_options(int argc, const char* const* argv);

}  // namespace wordcount
