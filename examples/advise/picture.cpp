#include "picture.hpp"

#include <cmath>
#include <cstdio>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <stdexcept>

namespace advise {

namespace {

constexpr double longest_bar = 50;

// gnuplot takes a quote within quotes twice.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char each : text) out += each == '\'' ? std::string("''") : std::string(1, each);
  return out + "'";
}

// Each curve in parts of its best, since tasks of one load say nothing about those of another.
std::string script_for(const std::string& file, const std::vector<curve>& curves) {
  std::ostringstream script;
  script << "set terminal svg size 800,500 background rgb 'white'\nset output " << quoted(file)
         << "\nset logscale x 2\nset xlabel 'workers'\nset ylabel 'throughput, 1 is the best'\nset yrange [0:1.1]\n"
            "set key right bottom\nset grid\n";
  std::string separator = "plot ";
  for (const curve& each : curves) {
    script << separator << "'-' with linespoints pointtype 7 title " << quoted(each.title);
    separator = ", ";
  }
  script << '\n';
  for (const curve& each : curves) {
    const double best = best_of(each.points);
    for (const point& one : each.points) script << one.workers << ' ' << one.median() / best << '\n';
    script << "e\n";
  }
  return script.str();
}

}  // namespace

void print_bars(std::ostream& out, const curve& of) {
  const double best = best_of(of.points);
  const unsigned advice = advised(of.points).workers;
  out << of.title << "\n workers   tasks/s\n";
  for (const point& each : of.points) {
    const auto bar = static_cast<std::size_t>(std::lround(each.median() / best * longest_bar));
    out << std::setw(8) << each.workers << std::setw(10) << std::lround(each.median()) << "  " << std::string(bar, '#')
        << (each.workers == advice ? "  <-- advised" : "") << '\n';
  }
  out << '\n';
}

void draw(const std::string& file, const std::vector<curve>& curves) {
  const std::string script = script_for(file, curves);
  std::FILE* const pipe = ::popen("gnuplot", "w");
  const bool written = pipe != nullptr && std::fputs(script.c_str(), pipe) >= 0;
  const bool ended_well = pipe != nullptr && ::pclose(pipe) == 0;
  if (!written || !ended_well)
    throw std::runtime_error("gnuplot could not draw '" + file +
                             "': install it (on Debian: gnuplot-nox), and give a file that can be written");
}

}  // namespace advise
