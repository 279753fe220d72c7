// The program around the checks of a model.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "kill_matrix.hpp"

namespace filch::model {

/// Whether the environment, which may have FILCH_MODEL_PART=k/n, wants more of this one: each n-th from the k-th on.
static bool is_of_the_part(std::size_t index) {
  const char* const part = std::getenv("FILCH_MODEL_PART");
  const char* const of = part == nullptr ? nullptr : std::strchr(part, '/');
  if (of == nullptr) return true;
  return index % std::strtoul(of + 1, nullptr, 10) == std::strtoul(part, nullptr, 10) - 1;
}

static double at_least(std::size_t index) {
  const char* const executions = std::getenv("FILCH_MODEL_EXECUTIONS");
  return executions == nullptr || !is_of_the_part(index) ? 0 : std::atof(executions);
}

static int check_all(const std::vector<check>& checks, double times, std::string_view only) {
  for (std::size_t i = 0; i != checks.size(); ++i) {
    const check& each = checks[i];
    if (!only.empty() && each.name != only) continue;
    const verdict came_out = each.run(each.executions > 0 ? std::max(times, at_least(i) / each.executions) : times);
    if (!came_out.holds) std::cout << came_out.report << '\n';
    std::cout << each.name << ": " << (came_out.holds ? "holds in executions: " : "VIOLATED in execution ")
              << came_out.executions << (came_out.holds ? "" : ", " + came_out.violation) << std::endl;
    if (!came_out.holds) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

int run_checks(int argc, char** argv, const std::vector<check>& checks) {
  const auto argument = [&](int index) { return argc > index ? argv[index] : ""; };
  const auto times = [&](int index) { return argc > index ? std::atof(argv[index]) : 1; };
  const std::string_view mode = argument(1);
  if (mode == "--mutants")
    kill_matrix(checks, times(2), argument(4)).run(argument(3));
  else if (mode == "--sites")
    kill_matrix(checks, 1, argument(2)).print_sites();
  else
    return check_all(checks, times(1), argument(2));
  return EXIT_SUCCESS;
}

}  // namespace filch::model
