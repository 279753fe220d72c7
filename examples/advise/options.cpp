#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <getopt.h>

namespace advise {

const char* const help_text = R"(advise [--compute US --wait US] [--most N] [--rounds N] [--milliseconds N] [--picture FILE]

Measures how many tasks a second a pool completes with 1, 2, 3, 4, 6, 8 ... workers, and advises the least number that is
within a twentieth of the best: for a load that computes (200 us a task) and for one that mostly waits, as for a disk or
another machine (50 us of computing, 1000 us of waiting), or for your own mix.

--compute US       a task of your own computes for so many microseconds ...
--wait US          ... and waits for so many
--most N           try no more than so many workers (default: 256)
--rounds N         so many rounds, of which the first measures twice, and take the median (default: 3)
--milliseconds N   for so long each time, or for twenty tasks if that is longer (default: 200)
--picture FILE     draw the throughput over the workers as SVG; needs gnuplot

Run it on a machine that has nothing else to do. A pool whose tasks wait does not have to be large: filch::blocking() replaces
a worker while it waits.

Status: 0; 1 when the picture could not be drawn, after the advice was given, or when nothing could be measured; 2 for wrong
arguments.
)";

namespace {

unsigned number(const char* option, std::string_view text, unsigned least, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw std::invalid_argument(std::string(option) + " takes a number from " + std::to_string(least) + " to " +
                                std::to_string(most) + ", and not '" + std::string(text) + "'");
  return value;
}

// gnuplot runs what follows on a bar, and ends a name at the end of the line.
std::string file_name(const std::string& given) {
  const auto is_odd = [](char each) { return static_cast<unsigned char>(each) < ' '; };
  if (given.empty() || given.front() == '|' || std::any_of(given.begin(), given.end(), is_odd))
    throw std::invalid_argument("--picture takes the name of a file, without control characters and not beginning with '|'");
  return given;
}

}  // namespace

options parse_options(int argc, char** argv) {
  constexpr unsigned ten_seconds = 10'000'000;
  const option known[] = {{"compute", required_argument, nullptr, 'c'}, {"wait", required_argument, nullptr, 'w'},
                          {"most", required_argument, nullptr, 'm'},    {"rounds", required_argument, nullptr, 'r'},
                          {"milliseconds", required_argument, nullptr, 't'}, {"picture", required_argument, nullptr, 'p'},
                          {"help", no_argument, nullptr, 'h'},          {nullptr, 0, nullptr, 0}};
  options parsed;
  opterr = 0;
  for (int which = 0; (which = ::getopt_long(argc, argv, "h", known, nullptr)) != -1;) {
    switch (which) {
      case 'c':
        parsed.own.computes = std::chrono::microseconds(number("--compute", optarg, 0, ten_seconds));
        parsed.has_own = true;
        break;
      case 'w':
        parsed.own.waits = std::chrono::microseconds(number("--wait", optarg, 0, ten_seconds));
        parsed.has_own = true;
        break;
      case 'm': parsed.sweep.most = number("--most", optarg, 1, 4'096); break;
      case 'r': parsed.sweep.rounds = number("--rounds", optarg, 1, 100); break;
      case 't': parsed.sweep.each = std::chrono::milliseconds(number("--milliseconds", optarg, 1, 100'000)); break;
      case 'p': parsed.picture = file_name(optarg); break;
      case 'h': parsed.wants_help = true; return parsed;
      default:
        if (optopt != 0 && optopt < 128 && optopt != 'h' && argv[optind - 1][1] != '-')
          throw std::invalid_argument(std::string("'-") + static_cast<char>(optopt) + "' is no option: see advise --help");
        throw std::invalid_argument("'" + std::string(argv[optind - 1]) +
                                    "' is no option, or lacks its value: see advise --help");
    }
  }
  if (optind != argc) throw std::invalid_argument("'" + std::string(argv[optind]) + "' is no option: see advise --help");
  if (parsed.has_own && parsed.own.computes.count() + parsed.own.waits.count() == 0)
    throw std::invalid_argument("a task of --compute 0 --wait 0 has nothing to do: give it some");
  return parsed;
}

}  // namespace advise
