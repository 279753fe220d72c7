// How the throughput of a load depends on the number of workers.
#pragma once

#include <chrono>
#include <vector>

#include "load.hpp"

namespace advise {

struct point {
  unsigned workers;
  std::vector<double> measured;  // tasks a second, a number for each round
  [[nodiscard]] double median() const;
};

struct sweep_options {
  std::chrono::milliseconds each{200};  // of measuring at least, for each number of workers in each round
  unsigned rounds = 3;
  unsigned most = 256;
  unsigned cores = 1;
};

/// Tries 1, 2, 3, 4, 6, 8, 12, 16 ... workers, among them as many as cores and `most`, until two in a row are no better than
/// the best before; then all of these again in each further round, so that what else the machine does falls on all of them.
/// Throws std::runtime_error when nothing was completed.
std::vector<point> sweep(const load& of, const sweep_options& how);

/// The greatest throughput.
double best_of(const std::vector<point>& swept);

/// The least number of workers whose throughput is within a twentieth of the best.
const point& advised(const std::vector<point>& swept);

}  // namespace advise
