// The same program on a pool, and whether it came to the same.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <filch/filch.hpp>

#include "memory/slab.hpp"
#include "programs/interpreter.hpp"
#include "programs/pool_machine.hpp"
#ifdef FILCH_ATOMICS
#include "perturb/lost_work.hpp"
#endif

namespace filch_programs {

namespace {

filch::scheduler_options options_of(const program& of, std::atomic<pool_machine*>& machine) {
  filch::scheduler_options options;
  options.workers = of.workers;
  options.max_workers = of.workers + of.more_workers;
  options.spin = of.spin ? 20us : 0us;
  options.spares = 38;
  options.deque_capacity = of.deque_capacity;
  options.on_unhandled_exception = [&](std::exception_ptr) { machine.load()->unhandled.fetch_add(1); };
  return options;
}

// A thread outside stops where the pool takes no more.
std::uint64_t run_thread(interpreter<pool_machine>& meaning, pool_machine& machine, const body& of) {
  try {
    return meaning.run(of, 0);
  } catch (const raised& thrown) {
    return thrown.number;
  } catch (const filch::closed&) {
    return machine.lost();
  }
}

std::vector<std::uint64_t> run_threads(const program& of, filch::scheduler& pool, pool_machine& machine) {
  interpreter<pool_machine> meaning(machine);
  std::vector<std::uint64_t> sums(of.threads.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i != sums.size(); ++i)
    threads.emplace_back([&, i] { sums[i] = run_thread(meaning, machine, *of.threads[i]); });
  if (of.end == ending::now_at_once) (void)pool.shutdown_now();
  threads.clear();
  if (of.end == ending::drain) (void)pool.shutdown();
  if (of.end == ending::drain_a_moment) (void)pool.shutdown_for(50us);
  if (of.end == ending::now) (void)pool.shutdown_now();
  (void)pool.shutdown();  // the tasks use the machine and the meaning, which end here
  return sums;
}

std::string compare(const program& of, const outcome& expected, const std::vector<std::uint64_t>& sums,
                    const pool_machine& machine, const filch::pool_metrics& metrics) {
  const bool whole = of.runs_whole();
  if (whole && machine.something_was_lost && !of.tasks_wait_for_a_moment)
    return "a task was cancelled or refused in a pool that drained, or a wait refused";
  if (!machine.something_was_lost && sums != expected.sums) return "a thread came to another sum";
  const bool all_run = whole && !machine.kept_a_stream;
  for (std::size_t id = 0; id != of.bodies; ++id) {
    const std::uint64_t runs = machine.runs(id);
    const std::uint64_t least = all_run ? expected.sure_runs[id] : 0;
    if (runs < least || runs > expected.runs[id])
      return "body " + std::to_string(id) + " ran " + std::to_string(runs) + " times, and should " + std::to_string(least) +
             " to " + std::to_string(expected.runs[id]);
  }
  if (whole && (machine.unhandled > expected.unhandled || (all_run && machine.unhandled < expected.sure_unhandled)))
    return "another number of exceptions escaped from posted tasks";
  if (const std::string wrong = machine.wrong(); !wrong.empty()) return wrong;
  if (metrics.unfinished() != 0) return std::to_string(metrics.unfinished()) + " tasks are unfinished after the end";
  return {};
}

}  // namespace

std::string run_on_a_pool(const program& of) {
  const outcome expected = run_serially(of);
  const std::uint64_t slabs = filch::detail::slab::in_existence();
  std::string wrong;
  {
    std::atomic<pool_machine*> installed{nullptr};
    filch::scheduler pool(options_of(of, installed));
#ifdef FILCH_ATOMICS
    const filch_perturb::lost_work_watch watch(pool);
#endif
    pool_machine machine(pool, of);
    installed = &machine;
    const std::vector<std::uint64_t> sums = run_threads(of, pool, machine);
    wrong = compare(of, expected, sums, machine, pool.metrics());
  }
  if (wrong.empty() && filch::detail::slab::in_existence() != slabs) wrong = "memory of tasks is left";
  return wrong.empty() ? wrong : wrong + "\n" + to_string(of);
}

}  // namespace filch_programs
