// The same program on a pool, and whether it came to the same.
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <numeric>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <filch/filch.hpp>

#include "memory/slab.hpp"
#include "programs/interpreter.hpp"
#ifdef FILCH_ATOMICS
#include "perturb/lost_work.hpp"
#endif

namespace filch_programs {

namespace {

using namespace std::chrono_literals;

class pool_machine {
 public:
  using future = filch::future<std::uint64_t>;

  using group = std::stop_source;
  struct manner {
    filch::priority rank;
    const group& of;
  };

  pool_machine(filch::scheduler& pool, const program& of)
      : pool_(pool), tokens_(of.tokens), runs_(std::make_unique<std::atomic<std::uint64_t>[]>(of.bodies)) {}

  template <class Call>
  future submit(manner how, Call&& call) {
    if (is_plain(how)) return pool_.submit(std::forward<Call>(call));
    return pool_.submit(options(how), std::forward<Call>(call));
  }
  template <class Call>
  future later(manner how, std::uint32_t microseconds, Call&& call) {
    if (microseconds % 2 == 0) return filch::submit_after(pool_, microseconds * 1us, options(how), std::forward<Call>(call));
    // By a job that fails at first, and waits for its second attempt.
    return filch::submit(pool_,
                         {.task = options(how),
                          .retry = {.attempts = 2, .wait = microseconds * 1us, .when = is_not_yet},
                          .timeout = 1h},
                         [failed = false, call]() mutable -> std::uint64_t {
                           if (!std::exchange(failed, true)) throw filch::task_cancelled(not_yet);
                           return call();
                         });
  }
  template <class Call>
  void post(manner how, Call&& call) {
    if (is_plain(how)) return pool_.post(std::forward<Call>(call));
    pool_.post(options(how), std::forward<Call>(call));
  }
  template <class Call>
  std::vector<future> bulk(manner how, std::uint32_t many, const Call& call) {
    return pool_.submit_bulk(options(how), numbers(many), call);
  }
  template <class Call>
  void post_bulk(manner how, std::uint32_t many, const Call& call) {
    pool_.post_bulk(options(how), numbers(many), call);
  }
  [[nodiscard]] group make_group() const { return tokens_ ? group() : group(std::nostopstate); }
  static void stop(group& of) { of.request_stop(); }

  static std::uint64_t get(future& of) { return of.get(); }
  static std::uint64_t help(future& of) { return of.get(filch::help); }
  void wait(future& of) {
    try {
      of.wait();
    } catch (const filch::too_many_blocked&) {
      (void)lost();
    }
  }
  void wait_for(future& of) {
    try {
      (void)of.wait_for(1us);
    } catch (const filch::too_many_blocked&) {
      (void)lost();
    }
  }
  void cancel(future& of) {
    if (of.cancel()) (void)lost();
  }
  std::uint64_t lost() {
    something_was_lost = true;
    return 0;
  }
  void ran(std::size_t id) { runs_[id].fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t runs(std::size_t id) const { return runs_[id].load(); }

  std::atomic<bool> something_was_lost{false};
  std::atomic<std::uint64_t> unhandled{0};

 private:
  // What a job throws at first: where it is stopped before its second attempt, this comes out, and means the same.
  static constexpr const char* not_yet = "not yet";
  static bool is_not_yet(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const filch::task_cancelled& cancelled) {
      return std::string_view(cancelled.what()) == not_yet;
    } catch (...) {
      return false;
    }
  }

  [[nodiscard]] bool is_plain(manner how) const { return !tokens_ && how.rank == filch::priority::normal; }
  static filch::task_options options(manner how) { return {.priority = how.rank, .stop = how.of.get_token()}; }
  static std::vector<std::uint64_t> numbers(std::uint32_t many) {
    std::vector<std::uint64_t> made(many);
    std::iota(made.begin(), made.end(), std::uint64_t{0});
    return made;
  }

  filch::scheduler& pool_;
  const bool tokens_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> runs_;
};

filch::scheduler_options options_of(const program& of, std::atomic<pool_machine*>& machine) {
  filch::scheduler_options options;
  options.workers = of.workers;
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
  if (whole && machine.something_was_lost && !of.tasks_wait_for_a_moment) return "a task was cancelled or refused in a pool that drained, or a wait refused";
  if (!machine.something_was_lost && sums != expected.sums) return "a thread came to another sum";
  for (std::size_t id = 0; id != of.bodies; ++id) {
    const std::uint64_t runs = machine.runs(id);
    if (whole ? runs != expected.runs[id] : runs > expected.runs[id])
      return "body " + std::to_string(id) + " ran " + std::to_string(runs) + " times, and should " +
             std::to_string(expected.runs[id]);
  }
  if (whole && machine.unhandled != expected.unhandled) return "another number of exceptions escaped from posted tasks";
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
