// Relacy's part of the models: compiled once for each number of threads, and not for each scenario.
#include "execution.hpp"

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "relacy_atomics.hpp"

namespace filch::model {
namespace {

// Relacy makes its test suites without arguments.
const program_maker* the_maker = nullptr;
void* the_room = nullptr;

template <unsigned Threads>
class suite : public rl::test_suite<suite<Threads>, static_cast<int>(Threads)> {
 public:
  suite() : program_(the_maker->make_at(the_room)) {}
  ~suite() { program_->~program(); }

  void before() { program_->before(); }
  void thread(unsigned index) { program_->thread(index); }
  void after() { program_->after(); }
  void invariant() { program_->invariant(); }

 private:
  program* program_;
};

/// One that fails is executed a second time for its history. rl::simulate() does the same for a scheduler that is chosen at run
/// time, and so is compiled for all of them.
template <class Suite, class Scheduler>
verdict judge(rl::test_params& how) {
  rl::ostringstream report;
  rl::ostringstream progress;
  rl::ostringstream state;
  how.output_stream = &report;
  how.progress_stream = &progress;
  how.execution_depth_limit = 20'000;
  verdict came_out;
  came_out.holds = rl::run_test<Suite, Scheduler>(how, state, false) == rl::test_result_success;
  came_out.executions = static_cast<std::uint64_t>(how.stop_iteration);
  if (!came_out.holds) {
    came_out.violation = rl::test_result_str(how.test_result);
    how.initial_state = state.str();
    how.collect_history = true;
    if (rl::run_test<Suite, Scheduler>(how, state, true) == rl::test_result_success)
      report << "executed once more it held: the scenario is not deterministic\n";
    came_out.report = report.str().c_str();
  }
  return came_out;
}

template <unsigned Threads>
verdict execute_with(rl::test_params& how) {
  return judge<suite<Threads>, rl::random_scheduler<static_cast<int>(Threads)>>(how);
}

template <unsigned Threads>
verdict search_with(rl::test_params& how) {
  return judge<suite<Threads>, rl::context_bound_scheduler<static_cast<int>(Threads)>>(how);
}

constexpr std::size_t rounded_up(std::size_t size) {
  constexpr std::size_t unit = program_maker::alignment;
  return (size + unit - 1) / unit * unit;
}

using judgement = verdict(rl::test_params& how);

verdict judge_program(const program_maker& maker, judgement* const* by_threads, unsigned most_threads, rl::test_params& how) {
  if (maker.threads > most_threads || by_threads[maker.threads] == nullptr)
    throw std::logic_error("execution.cpp is not compiled for this number of threads");
  const std::unique_ptr<void, void (*)(void*)> room(std::aligned_alloc(maker.alignment, rounded_up(maker.size)), &std::free);
  the_maker = &maker;
  the_room = room.get();
  return by_threads[maker.threads](how);
}

}  // namespace

verdict execute(const program_maker& maker, std::uint64_t times) {
  static constexpr judgement* by_threads[] = {nullptr,          nullptr,          &execute_with<2>,
                                              &execute_with<3>, &execute_with<4>, &execute_with<5>};
  rl::test_params how;
  how.iteration_count = times;
  return judge_program(maker, by_threads, 5, how);
}

verdict search(const program_maker& maker, unsigned switches) {
  static constexpr judgement* by_threads[] = {nullptr, nullptr, &search_with<2>};
  rl::test_params how;
  how.search_type = rl::sched_bound;
  how.context_bound = switches;
  return judge_program(maker, by_threads, 2, how);
}

}  // namespace filch::model
