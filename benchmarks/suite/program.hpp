// The program of a runtime: runs its workloads and writes a line of JSON for each measurement. A wrong answer is a failure.
#pragma once

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include <sys/resource.h>

#include "suite/arguments.hpp"
#include "suite/measurement.hpp"
#include "suite/workloads/all.hpp"

namespace suite {

inline std::string compiler() {
#ifdef __clang__
  const char* const name = "clang";
  const int version[] = {__clang_major__, __clang_minor__, __clang_patchlevel__};
#else
  const char* const name = "gcc";
  const int version[] = {__GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__};
#endif
  return std::string(name) + ' ' + std::to_string(version[0]) + '.' + std::to_string(version[1]) + '.' +
         std::to_string(version[2]);
}

/// The most memory that this process has had so far.
inline double peak_mebibytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

inline void write_record(const char* runtime, const std::string& workload, const arguments& given,
                         const measurement& measured) {
  std::printf(
      "{\"workload\": \"%s\", \"runtime\": \"%s\", \"compiler\": \"%s\", \"threads\": %u, \"size\": \"%s\", \"round\": %u, "
      "\"value\": %.6g, \"unit\": \"%s\", \"cpus\": %.3f, \"peak_mib\": %.1f, \"right\": %s}\n",
      workload.c_str(), runtime, compiler().c_str(), given.threads, pick(given.size, "full", "quick", "tiny"), given.round,
      measured.value, measured.unit, measured.passed.cpu_seconds / measured.passed.seconds, peak_mebibytes(),
      measured.right ? "true" : "false");
  std::fflush(stdout);
}

/// Returns what main() returns.
template <class Runtime>
int run_workloads(const arguments& given) {
  Runtime runtime(given.threads);
  bool found = false;
  bool all_right = true;
  all_workloads::for_each<Runtime>([&](const offered_workload<Runtime>& each) {
    if (!given.workload.empty() && each.name != given.workload) return;
    found = true;
    for (unsigned repetition = 0; repetition <= given.repetitions; ++repetition) {
      const measurement measured = each.run(runtime, given.size);
      all_right = all_right && measured.right;
      const bool is_warm_up = repetition == 0;
      if (!is_warm_up || !measured.right) write_record(Runtime::name, each.name, given, measured);
    }
  });
  if (!found) throw std::invalid_argument("this runtime has no workload " + given.workload + ": --list says which it has");
  return all_right ? 0 : 1;
}

template <class Runtime>
int program(int argc, char** argv) {
  try {
    const arguments given = arguments_from(argc, argv);
    if (!given.list) return run_workloads<Runtime>(given);
    all_workloads::for_each<Runtime>([](const offered_workload<Runtime>& each) { std::puts(each.name.c_str()); });
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  }
}

}  // namespace suite
