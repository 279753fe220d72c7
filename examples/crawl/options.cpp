#include "options.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <getopt.h>

namespace crawl {

const char* const help_text = R"(crawl [--requests N] [--rate R] [--workers N] [--attempts N] [--timeout T] [--page-timeout T]
      [--latency T] [--fail P] [--slow P] [--bad P] [--seed N]

Starts a web server on the loopback, follows the links from its first page, fetches each page once, and shows that what waits
holds no worker: not for its turn under the rate limit, not for another attempt after a failure, and not for an answer.

--requests N       so many pages, each of which leads to others (default: 300)
--rate R           no more than so many requests a second, retries included (default: 500)
--workers N        of the pool (default: 2)
--attempts N       for each page (default: 5)
--timeout T        of an attempt: whoever gets no answer by then tries again (default: 200ms)
--page-timeout T   of a page with all its attempts. A retry takes its turn behind all that wait for theirs, and this is part of
                   it (default: 60s)

And the server:

--latency T        how long it takes to answer (default: 20ms)
--fail P           the share of requests that fail: half of them are closed without an answer, half are answered 503, come again
                   (default: 0.2)
--slow P           the share of the others that is answered too late (default: 0.05)
--bad P            the share of pages that are not there, or are answered with nonsense: they are not tried again (default: 0)
--seed N           of its chance: the same seed, the same failures (default: 1)

A time T is a number and its unit, as in 200ms or 1.5s. Ctrl-C ends it at once, and shows what was done by then.

Status: 0 when all pages that were found were fetched; 1 when some were given up; 2 for wrong arguments, or when nothing could
be done; 130 after Ctrl-C.
)";

namespace {

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

double share(const char* option, std::string_view text) {
  return number(text, 0.0, 1.0, std::string(option) + " takes a share from 0, none, to 1, all");
}

milliseconds time(const char* option, std::string_view text, int least) {
  const std::string wanted =
      std::string(option) + " takes a time from " + std::to_string(least) + "ms to 3600s, as in 200ms or 1.5s";
  const bool in_milliseconds = text.ends_with("ms");
  if (!text.ends_with('s')) throw std::invalid_argument(wanted + ", and not '" + std::string(text) + "'");
  const double unit = in_milliseconds ? 1 : 1'000;
  const double value = number(text.substr(0, text.size() - (in_milliseconds ? 2 : 1)), least / unit, 3'600'000 / unit, wanted);
  return milliseconds(std::llround(value * unit));
}

[[noreturn]] void throw_unknown(char* const* argv) {
  throw std::invalid_argument("'" + std::string(argv[optind - 1]) + "' is no option, or lacks its value: see crawl --help");
}

}  // namespace

options parse_options(int argc, char** argv) {
  const option known[] = {{"requests", required_argument, nullptr, 'r'}, {"rate", required_argument, nullptr, 'R'},
                          {"workers", required_argument, nullptr, 'w'},  {"attempts", required_argument, nullptr, 'a'},
                          {"timeout", required_argument, nullptr, 't'},  {"page-timeout", required_argument, nullptr, 'T'},
                          {"latency", required_argument, nullptr, 'l'},  {"fail", required_argument, nullptr, 'f'},
                          {"slow", required_argument, nullptr, 's'},     {"bad", required_argument, nullptr, 'b'},
                          {"seed", required_argument, nullptr, 'S'},     {"help", no_argument, nullptr, 'h'},
                          {nullptr, 0, nullptr, 0}};
  constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
  options parsed;
  opterr = 0;
  for (int which = 0; (which = ::getopt_long(argc, argv, "h", known, nullptr)) != -1;) {
    switch (which) {
      case 'r': parsed.site.pages = static_cast<unsigned>(whole("--requests", optarg, 100'000)); break;
      case 'R': parsed.crawl.rate = number(optarg, 0.001, 1e6, "--rate takes a number from 0.001 to 1000000"); break;
      case 'w': parsed.workers = static_cast<unsigned>(whole("--workers", optarg, 64)); break;
      case 'a': parsed.crawl.attempts = whole("--attempts", optarg, 1'000); break;
      case 't': parsed.crawl.timeout = time("--timeout", optarg, 1); break;
      case 'T': parsed.crawl.page_timeout = time("--page-timeout", optarg, 1); break;
      case 'l': parsed.site.latency = time("--latency", optarg, 0); break;
      case 'f': parsed.site.fail = share("--fail", optarg); break;
      case 's': parsed.site.slow = share("--slow", optarg); break;
      case 'b': parsed.site.bad = share("--bad", optarg); break;
      case 'S': parsed.site.seed = number(optarg, std::uint64_t{0}, any, "--seed takes a whole number"); break;
      case 'h': parsed.wants_help = true; return parsed;
      default: throw_unknown(argv);
    }
  }
  if (optind != argc) throw std::invalid_argument("'" + std::string(argv[optind]) + "' is no option: see crawl --help");
  parsed.site.late = parsed.site.latency + 2 * parsed.crawl.timeout;
  return parsed;
}

}  // namespace crawl
