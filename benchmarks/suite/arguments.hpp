// What a program of the suite is told on its command line.
#pragma once

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "suite/measurement.hpp"

namespace suite {

struct arguments {
  bool list = false;
  std::string workload;  ///< all if empty
  unsigned threads = std::thread::hardware_concurrency();
  unsigned repetitions = 1;
  unsigned round = 1;
  problem_size size = problem_size::full;
};

inline constexpr const char* usage =
    "--list               print the workloads that this runtime can do\n"
    "--workload <name>    run this one only\n"
    "--threads <n>        workers, the caller among them where it works too; one a hardware thread otherwise\n"
    "--repetitions <n>    measure so often, after one that is not measured; 1 otherwise\n"
    "--round <n>          a number for the records\n"
    "--quick, --tiny      smaller problems: for a look, for tests\n";

namespace detail {

inline unsigned number_from(std::string_view option, std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0)
    throw std::invalid_argument(std::string(option) + " needs a number, 1 or more");
  return number;
}

}  // namespace detail

/// Throws std::invalid_argument for what `usage` does not have.
inline arguments arguments_from(int argc, char** argv) {
  arguments given;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const auto value = [&]() -> std::string_view {
      if (++i >= argc) throw std::invalid_argument(std::string(option) + " needs a value");
      return argv[i];
    };
    if (option == "--list")
      given.list = true;
    else if (option == "--workload")
      given.workload = value();
    else if (option == "--threads")
      given.threads = detail::number_from(option, value());
    else if (option == "--repetitions")
      given.repetitions = detail::number_from(option, value());
    else if (option == "--round")
      given.round = detail::number_from(option, value());
    else if (option == "--quick")
      given.size = problem_size::quick;
    else if (option == "--tiny")
      given.size = problem_size::tiny;
    else
      throw std::invalid_argument("there is no option " + std::string(option) + "; there are\n" + usage);
  }
  return given;
}

}  // namespace suite
