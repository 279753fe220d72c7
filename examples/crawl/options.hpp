// What the command line says.
#pragma once

#include "crawler.hpp"
#include "site.hpp"

namespace crawl {

struct options {
  site_options site;
  crawl_options crawl;
  unsigned workers = 2;
  bool wants_help = false;
};

extern const char* const help_text;

/// Throws std::invalid_argument with a sentence for a command line that makes no sense.
options parse_options(int argc, char** argv);

}  // namespace crawl
