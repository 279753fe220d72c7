#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <getopt.h>

namespace thumbnails {

const char* const help_text =
    R"(thumbnails [--workers N] [--size N] [--in-flight N] [--timeout T] [--attempts N] [--quality N] IN OUT

Makes a thumbnail of each JPEG and PNG file below IN, under the same name below OUT, and shows where the time went.

--workers N     of the pool (default: FILCH_WORKERS, or one for each hardware thread that the process may use)
--size N        the thumbnail fits into N x N pixels; what is smaller stays as it is (default: 200)
--in-flight N   so many images at a time are queued or under way (default: 64)
--timeout T     of an image with all its attempts, as in 500ms or 10s (default: 10s)
--attempts N    for each image whose file cannot be read, or its thumbnail be written, for a reason that may pass: an error of
                the device, no more descriptors, a server that does not answer. Not where the disk is full (default: 3)
--quality N     of JPEG thumbnails, 1 to 100 (default: 85)

A file is an image if its name ends in .jpg, .jpeg or .png; what kind, its contents say, and its thumbnail is of the same kind.
Symbolic links are not followed. Of JPEGs the EXIF orientation is applied, then all metadata and colour profiles are left out;
of PNGs transparency is kept. Averages are taken of the values as they are stored.

An image that cannot be made is one line on standard error, and costs no other; a full disk neither: those that still fit are
made. A thumbnail appears under its name when it is complete. Until then it is a file .thumbnail-* beside it, which is removed.

Ctrl-C: no more images are begun, those in flight have five seconds, then what was left is reported. Ctrl-C again ends at once.

Status: 0 when all thumbnails were made, also when there are none to make; 1 when some were not, or a directory could not be
listed; 2 for wrong arguments, or when nothing could be done; 130 after Ctrl-C.
)";

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

template <class Number>
Number number(std::string_view text, Number least, Number most, const std::string& wanted) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= least && value <= most) return value;
  throw std::invalid_argument(wanted + ", and not '" + std::string(text) + "'");
}

int whole(const char* option, std::string_view text, int most) {
  return number(text, 1, most, std::string(option) + " takes a number from 1 to " + std::to_string(most));
}

milliseconds time(const char* option, std::string_view text) {
  const std::string wanted = std::string(option) + " takes a time from 1ms to 3600s, as in 500ms or 10s";
  const bool in_milliseconds = text.ends_with("ms");
  if (!text.ends_with('s')) throw std::invalid_argument(wanted + ", and not '" + std::string(text) + "'");
  const double unit = in_milliseconds ? 1 : 1'000;
  const double value = number(text.substr(0, text.size() - (in_milliseconds ? 2 : 1)), 1 / unit, 3'600'000 / unit, wanted);
  return milliseconds(std::llround(value * unit));
}

bool is_below(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// Where OUT has IN below it, a thumbnail could take the place of an image.
void require_directories(const options& given) {
  std::error_code why;
  if (!fs::is_directory(given.from, why))
    throw std::invalid_argument("there are no images below '" + given.from.string() +
                                "': " + (why ? why.message() : "it is not a directory"));
  fs::create_directories(given.to, why);
  if (why || !fs::is_directory(given.to, why))
    throw std::invalid_argument("cannot make the directory '" + given.to.string() +
                                "' for thumbnails: " + (why ? why.message() : "it is something else"));
  if (is_below(fs::canonical(given.from), fs::canonical(given.to)))
    throw std::invalid_argument("thumbnails in '" + given.to.string() + "' could replace images of '" + given.from.string() +
                                "': name another directory");
}

[[noreturn]] void throw_unknown(char* const* argv) {
  throw std::invalid_argument("'" + std::string(argv[optind - 1]) +
                              "' is no option, or lacks its value: see thumbnails --help");
}

}  // namespace

options parse_options(int argc, char** argv) {
  const option known[] = {{"workers", required_argument, nullptr, 'w'},   {"size", required_argument, nullptr, 's'},
                          {"in-flight", required_argument, nullptr, 'f'}, {"timeout", required_argument, nullptr, 't'},
                          {"attempts", required_argument, nullptr, 'a'},  {"quality", required_argument, nullptr, 'q'},
                          {"help", no_argument, nullptr, 'h'},            {nullptr, 0, nullptr, 0}};
  options parsed;
  opterr = 0;
  for (int which = 0; (which = ::getopt_long(argc, argv, "h", known, nullptr)) != -1;) {
    switch (which) {
      case 'w': parsed.workers = whole("--workers", optarg, 256); break;
      case 's': parsed.thumbnail.size = static_cast<unsigned>(whole("--size", optarg, 10'000)); break;
      case 'f': parsed.in_flight = whole("--in-flight", optarg, 1'000); break;
      case 't': parsed.timeout = time("--timeout", optarg); break;
      case 'a': parsed.attempts = whole("--attempts", optarg, 1'000); break;
      case 'q': parsed.thumbnail.quality = whole("--quality", optarg, 100); break;
      case 'h': parsed.wants_help = true; return parsed;
      default: throw_unknown(argv);
    }
  }
  if (argc - optind != 2) throw std::invalid_argument("it takes two directories, IN and OUT: see thumbnails --help");
  parsed.from = argv[optind];
  parsed.to = argv[optind + 1];
  require_directories(parsed);
  return parsed;
}

}  // namespace thumbnails
