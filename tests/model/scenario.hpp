// What the models share: a scenario is a small program of a few threads with assertions, and a run of a model executes
// each of its scenarios many times, each time with another interleaving.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "check.hpp"
#include "relacy_atomics.hpp"

namespace filch::model {

/// before() sets up, thread(i) is the program of each thread, after() looks at what is left. RL_ASSERT() in any of them.
template <class Derived, int Threads>
struct scenario : rl::test_suite<Derived, Threads> {
  static_assert(Threads <= static_cast<int>(parking_lot::threads));
  scenario() { the_parking_lot.clear(); }
};

/// Executes a scenario as Relacy is told to.
template <class Scenario>
verdict judge(rl::test_params& how) {
  rl::ostringstream report;
  rl::ostringstream progress;
  how.output_stream = &report;
  how.progress_stream = &progress;
  how.execution_depth_limit = 20'000;
  verdict came_out;
  came_out.holds = rl::simulate<Scenario>(how);
  came_out.executions = static_cast<std::uint64_t>(how.stop_iteration);
  if (!came_out.holds) {
    came_out.violation = rl::test_result_str(how.test_result);
    came_out.report = report.str().c_str();
  }
  return came_out;
}

/// Executes a scenario so many times with random choices, the same in every run.
template <class Scenario>
check executed(std::string name, double executions) {
  return {std::move(name), executions, [executions](double times) {
            rl::test_params how;
            how.iteration_count = std::max<rl::iteration_t>(1, static_cast<rl::iteration_t>(executions * times));
            return judge<Scenario>(how);
          }};
}

/// Executes every interleaving of a scenario that has at most so many changes of threads.
template <class Scenario>
check searched(std::string name, unsigned switches) {
  return {std::move(name), 0, [switches](double) {
            rl::test_params how;
            how.search_type = rl::sched_bound;
            how.context_bound = switches;
            return judge<Scenario>(how);
          }};
}

}  // namespace filch::model
