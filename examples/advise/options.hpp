// What the command line says.
#pragma once

#include <string>

#include "load.hpp"
#include "sweep.hpp"

namespace advise {

struct options {
  sweep_options sweep;
  load own{};           // what was given by --compute and --wait
  bool has_own = false;
  std::string picture;  // empty: none
  bool wants_help = false;
};

extern const char* const help_text;

/// Throws std::invalid_argument with a sentence for a command line that makes no sense.
options parse_options(int argc, char** argv);

}  // namespace advise
