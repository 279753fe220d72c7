// Throughput over the number of workers, for people.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "sweep.hpp"

namespace advise {

struct curve {
  std::string title;
  std::vector<point> points;
};

/// A line with a bar for each number of workers.
void print_bars(std::ostream& out, const curve& of);

/// An SVG file, drawn by gnuplot. Throws std::runtime_error when that is not installed or fails.
void draw(const std::string& file, const std::vector<curve>& curves);

}  // namespace advise
