// The counters of one worker while it runs: each has one writer and any number of readers.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <filch/detail/base/cache_line.hpp>
#include <filch/probe/metrics.hpp>

namespace filch::inline v0_1::detail {

class counter {
 public:
  void add(std::uint64_t amount) noexcept {
    // [K1] release store, pairs with [K2]: a reader that sees an effect sees the causes that were counted before it.
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t read() const noexcept { return value_.load(std::memory_order_acquire); }  // [K2]

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// On cache lines of its own. Written in the order cause, effect; read in the order effect, cause.
struct alignas(cache_line) worker_counters {
  counter executed, cancelled, failed, stolen, steal_attempts, lost, injected_batches, injected_tasks, spills, parks,
      wakes, claims, blocked_waits;

  /// All but `spawned`, which stands in the ledger and must be read after every `executed` of the pool.
  [[nodiscard]] worker_metrics read() const noexcept {
    worker_metrics row;
    row.claims = claims.read();
    row.failed = failed.read();
    row.executed = executed.read();
    row.cancelled = cancelled.read();
    row.stolen = stolen.read();
    row.lost = lost.read();
    row.steal_attempts = steal_attempts.read();
    row.injected_batches = injected_batches.read();
    row.injected_tasks = injected_tasks.read();
    row.spills = spills.read();
    row.wakes = wakes.read();
    row.parks = parks.read();
    row.blocked_waits = blocked_waits.read();
    return row;
  }
};

/// One worker's latencies.
class alignas(cache_line) latency_recorder {
 public:
  void record(std::int64_t nanoseconds) noexcept { buckets_[latency_histogram::bucket_of(nanoseconds)].add(1); }
  void add_to(latency_histogram& sum) const noexcept {
    for (std::size_t i = 0; i != buckets_.size(); ++i) sum.add(i, buckets_[i].read());
  }

 private:
  std::array<counter, latency_histogram::bucket_count> buckets_;
};

}  // namespace filch::inline v0_1::detail
