#include "options.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace wordcount {

const char* const help_text = R"(wordcount [--] [DIR]

Counts the words in every file below DIR (default: /usr/include, the system's C headers), prints the twenty commonest,
and then what the workers did.

A word is what C takes for an identifier: a run of ASCII letters, digits and underscores that does not begin with a digit.
Upper and lower case differ. A run of more than 1024 characters is left out and reported.

DIR may be a symbolic link; links below it are not followed, so that nothing is counted twice and a loop of links has an
end. What is neither a file nor a directory is passed over.

FILCH_WORKERS=<n>  the number of workers; by default one for each hardware thread that the process may use

Status: 0 when everything was counted, also when there is nothing to count; 1 when a file or directory could not be read,
which is reported while the rest is counted; 2 when nothing was done: wrong arguments, or DIR is no directory.
)";

namespace {

void require_directory(const std::filesystem::path& path) {
  std::error_code why;
  const std::filesystem::file_status status = std::filesystem::status(path, why);
  if (std::filesystem::is_directory(status)) return;
  const std::string reason = why ? why.message() : "it is not a directory";
  throw std::invalid_argument("cannot count below '" + path.string() + "': " + reason +
                              ". Give the directory whose files are to be counted");
}

}  // namespace

options parse_options(int argc, const char* const* argv) {
  options parsed;
  std::optional<std::string_view> directory;
  bool options_ended = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!options_ended && (argument == "--help" || argument == "-h")) {
      parsed.wants_help = true;
      return parsed;
    }
    if (!options_ended && argument == "--") {
      options_ended = true;
    } else if (!options_ended && argument.starts_with('-')) {
      throw std::invalid_argument("there is no option '" + std::string(argument) + "': see wordcount --help");
    } else if (directory) {
      throw std::invalid_argument("one directory at a time: got '" + std::string(*directory) + "' and '" +
                                  std::string(argument) + "'");
    } else {
      directory = argument;
    }
  }
  if (directory) parsed.directory = *directory;
  require_directory(parsed.directory);
  return parsed;
}

}  // namespace wordcount
