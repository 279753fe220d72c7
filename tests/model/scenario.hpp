// What the models share: a scenario is a small program of a few threads with assertions, and a run of a model executes
// each of its scenarios many times, each time with another interleaving.
#pragma once

#include <cstdlib>
#include <cstring>
#include <iostream>

#include "relacy_atomics.hpp"

namespace filch::model {

/// before() sets up, thread(i) is the program of each thread, after() looks at what is left. RL_ASSERT() in any of them.
template <class Derived, int Threads>
struct scenario : rl::test_suite<Derived, Threads> {
  static_assert(Threads <= static_cast<int>(parking_lot::threads));
  scenario() { the_parking_lot.clear(); }
};

/// Runs scenarios. The executions are the same in every run, unless the first argument multiplies their number. A second
/// argument names the one scenario to run.
class runner {
 public:
  runner(int argc, char** argv)
      : factor_(argc > 1 ? std::atof(argv[1]) : 1), only_(argc > 2 ? argv[2] : nullptr) {}

  /// Executes a scenario so many times with random choices.
  template <class Scenario>
  void check(const char* name, double executions) {
    rl::test_params how;
    how.iteration_count = static_cast<rl::iteration_t>(executions * factor_);
    run<Scenario>(name, how);
  }

  /// Executes every interleaving of a scenario that has at most so many changes of threads.
  template <class Scenario>
  void search(const char* name, unsigned switches) {
    rl::test_params how;
    how.search_type = rl::sched_bound;
    how.context_bound = switches;
    run<Scenario>(name, how);
  }

  [[nodiscard]] int status() const { return violated_ ? EXIT_FAILURE : EXIT_SUCCESS; }

 private:
  template <class Scenario>
  void run(const char* name, rl::test_params& how) {
    if (violated_ || (only_ != nullptr && std::strcmp(only_, name) != 0)) return;
    rl::ostringstream report;
    rl::ostringstream progress;
    how.output_stream = &report;
    how.progress_stream = &progress;
    how.execution_depth_limit = 20'000;
    violated_ = !rl::simulate<Scenario>(how);
    if (violated_) std::cout << report.str().c_str() << '\n';
    std::cout << name << ": " << (violated_ ? "VIOLATED in execution " : "holds in executions: ")
              << how.stop_iteration << std::endl;
  }

  const double factor_;
  const char* const only_;
  bool violated_ = false;
};

}  // namespace filch::model
