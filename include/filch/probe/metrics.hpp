// What a pool has counted, as a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <vector>

#include <filch/probe/latency_histogram.hpp>

namespace filch::inline v0_1 {

/// The counters of one worker since its pool was made. Each only grows.
struct worker_metrics {
  std::uint64_t executed = 0;          ///< tasks that ran here, claims included; of a job each attempt
  std::uint64_t cancelled = 0;         ///< tasks it ended without a call
  std::uint64_t failed = 0;            ///< of the executed ones, those that ended with an exception
  std::uint64_t spawned = 0;           ///< tasks submitted by tasks that ran here
  std::uint64_t stolen = 0;            ///< tasks taken from other workers' deques
  std::uint64_t steal_attempts = 0;    ///< looks at another worker's deque
  std::uint64_t lost = 0;              ///< of these, the ones in which somebody else took the task first
  std::uint64_t injected_batches = 0;  ///< visits to the injection queue and its lanes that brought something
  std::uint64_t injected_tasks = 0;    ///< what these visits brought
  std::uint64_t spills = 0;            ///< times the deque was full and its older half went to the injection queue
  std::uint64_t parks = 0;             ///< times it went to sleep for want of work
  std::uint64_t wakes = 0;             ///< times it woke up again
  std::uint64_t claims = 0;            ///< tasks that get() ran in place because nobody had started them
  std::uint64_t blocked_waits = 0;     ///< waits in which a spare may have taken its place

  worker_metrics& operator+=(const worker_metrics& other) noexcept;
};

/// What lies in the queue that all workers share, by priority; a moment ago. Entries of tasks that get() ran or that were
/// cancelled count until a worker comes by; tasks in the workers' own deques do not.
struct waiting_tasks {
  std::size_t high = 0;
  std::size_t normal = 0;
  std::size_t low = 0;
};

/// A snapshot. Consistent in this sense: an effect is never counted without its cause, so that for the totals
/// executed + cancelled <= submitted, and in each row stolen + lost <= steal_attempts and wakes <= parks.
struct pool_metrics {
  std::vector<worker_metrics> workers;  ///< by worker index, those that resize() has sent to sleep among them
  std::vector<worker_metrics> spares;   ///< the spares that were ever started
  worker_metrics outside;               ///< what threads outside did, and all that futures and stop tokens cancelled
  waiting_tasks waiting;                ///< for any worker
  unsigned spares_in_use = 0;           ///< spares that stand in for a blocked worker now
  std::uint64_t dropped_exceptions = 0; ///< what tasks threw and no get() or wait() of a group rethrew
  std::uint64_t task_memory = 0;        ///< bytes that the pool holds for small tasks, in use or kept for the next
  latency_histogram latency;            ///< from submit to start, sampled

  /// All rows added up.
  [[nodiscard]] worker_metrics total() const noexcept;
  /// Tasks submitted so far, from inside and outside.
  [[nodiscard]] std::uint64_t submitted() const noexcept { return total().spawned; }
  /// Tasks that waited, for a worker or for their time, or were running.
  [[nodiscard]] std::uint64_t unfinished() const noexcept {
    const worker_metrics sum = total();
    return sum.spawned - sum.executed - sum.cancelled;
  }
};

/// Prints the table per worker, a header line first, and the latency quantiles below it.
std::ostream& operator<<(std::ostream& out, const pool_metrics& metrics);

}  // namespace filch::inline v0_1
