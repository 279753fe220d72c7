// Checking each option, and filling in the defaults.
#include "runtime/settings.hpp"

#include <bit>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <filch/detail/park/spare_word.hpp>
#include <filch/topology/binding.hpp>
#include <filch/topology/topology.hpp>
#include <filch/topology/worker_count.hpp>

#include "runtime/thread.hpp"
#include "topology/cgroup_quota.hpp"

namespace filch::inline v0_1::detail {

namespace {

using namespace std::chrono_literals;

[[noreturn]] void refuse(const std::string& option, const std::string& given, const std::string& right) {
  throw std::invalid_argument("filch: scheduler_options::" + option + " is " + given + ": it must be " + right);
}

bool is_a_count(std::int64_t workers) { return workers >= 1 && workers <= static_cast<std::int64_t>(max_workers); }

void check_workers(std::int64_t workers) {
  if (!is_a_count(workers))
    refuse("workers", std::to_string(workers),
           "1 to " + std::to_string(max_workers) + ", or left out for one worker a hardware thread");
}

void check_max_workers(std::int64_t most, std::optional<std::int64_t> workers) {
  if (!is_a_count(most))
    refuse("max_workers", std::to_string(most),
           "1 to " + std::to_string(max_workers) + ", or left out for no more than workers");
  if (workers && *workers > most)
    refuse("max_workers", std::to_string(most), "at least scheduler_options::workers, which is " + std::to_string(*workers));
}

void check_spares(std::int64_t spares) {
  constexpr std::int64_t most = spare_word<>::capacity;
  if (spares < 0 || spares > most) refuse("spares", std::to_string(spares), "0 to " + std::to_string(most));
}

void check_spin(std::chrono::nanoseconds spin) {
  if (spin < 0ns || spin > 1s)
    refuse("spin", std::to_string(spin.count()) + " ns", "between 0 and a second; 20us is the default");
}

void check_stack(std::size_t bytes) {
  if (bytes != 0 && bytes < smallest_stack())
    refuse("stack_size", std::to_string(bytes),
           "0 for the system's default, or at least " + std::to_string(smallest_stack()) + " bytes");
}

void check_deque(std::size_t capacity) {
  if (!std::has_single_bit(capacity) || capacity < 2 || capacity > (std::size_t{1} << 20))
    refuse("deque_capacity", std::to_string(capacity), "a power of two from 2 to 1048576");
}

void check(const scheduler_options& options) {
  if (options.workers) check_workers(*options.workers);
  if (options.max_workers) check_max_workers(*options.max_workers, options.workers);
  if (options.spin) check_spin(*options.spin);
  check_spares(options.spares);
  check_stack(options.stack_size);
  check_deque(options.deque_capacity);
}

worker_count count_of(const scheduler_options& options, std::size_t allowed) {
  if (options.workers) {
    const auto workers = static_cast<unsigned>(*options.workers);
    return {workers, std::to_string(workers) + (workers == 1 ? " worker" : " workers") +
                         ": asked for in scheduler_options::workers"};
  }
  worker_count decided = decide_worker_count(allowed, read_cpu_quota(), std::getenv("FILCH_WORKERS"));
  if (!options.max_workers || decided.workers <= *options.max_workers) return decided;
  const auto most = static_cast<unsigned>(*options.max_workers);
  return {most, std::to_string(most) + (most == 1 ? " worker" : " workers") +
                    ": no more by scheduler_options::max_workers, instead of " + decided.why};
}

// Where there is but one node, the heap is as near as anything, and keeps its pages.
chunk_source memory_of_workers(const topology& machine, const placement_plan& plan) {
  const bool near_and_far = machine.numa_nodes().size() > 1 && plan.applied != pinning::none;
  return near_and_far ? chunk_source::fresh_pages : chunk_source::heap;
}

}  // namespace

settings decide_settings(scheduler_options&& options) {
  check(options);
  const topology machine = topology::detect().restricted_to(current_thread_cpus());
  const std::size_t allowed = machine.hardware_threads().size();
  worker_count count = count_of(options, allowed);
  const auto most = static_cast<unsigned>(options.max_workers.value_or(count.workers));
  placement_plan plan =
      plan_placement(machine, {.workers = most, .pin = options.pinning, .may_be_smaller = most > count.workers});
  const auto spares = static_cast<unsigned>(options.spares);
  const chunk_source memory = memory_of_workers(machine, plan);
  return {std::move(options), count.workers, std::move(plan), spares, memory, allowed, std::move(count.why)};
}

}  // namespace filch::inline v0_1::detail
