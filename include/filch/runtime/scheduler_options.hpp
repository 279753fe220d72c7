// What a pool can be told when it is made. Every field is optional; each says its default and what it costs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>

#include <filch/topology/cpu_set.hpp>
#include <filch/topology/placement.hpp>

namespace filch::inline v0_1 {

/// A worker, for the hooks.
struct worker_info {
  unsigned index;      ///< 0 to max_workers - 1; a spare has an index from there on
  bool spare;          ///< stands in for blocked workers
  cpu_set cpus;        ///< where it may run, read back from the operating system
  unsigned numa_node;  ///< OS index of the NUMA node it is planned for; of worker 0's for a spare
};

/// The options of a scheduler, for designated initialisers: `scheduler pool({.workers = 4, .name = "io"})`.
struct scheduler_options {
  /// How many workers, 1 to 4096. Default: FILCH_WORKERS if it is set, else one for each hardware thread that the
  /// process and the calling thread may use, but not more than the cgroup's CPU quota. Each costs a thread and some
  /// 90 KiB.
  std::optional<std::int64_t> workers{};

  /// How many workers resize() may ask for at most, `workers` to 4096. Default: as many as there are at first. Each that is not
  /// there yet costs some 240 bytes and, for each other one, 4 more; planning 4096 takes 0.2 s. Places are dealt to all of
  /// them and go round the NUMA nodes, and the first are used; pinning::automatic binds none of them to one core.
  std::optional<std::int64_t> max_workers{};

  /// How tightly the workers are held in place. Default: one hardware thread each when the pool fills what it may use,
  /// else their cache or NUMA node. A pin that the system refuses is a warning in describe().
  filch::pinning pinning = filch::pinning::automatic;

  /// How long a worker without work looks for some before it parks. Default: 20 us, or nothing when there are more
  /// workers than hardware threads. Costs that much CPU time at each end of work, and saves the 5 to 50 us of a wake-up
  /// when work comes within it. 0 to 1 s.
  std::optional<std::chrono::nanoseconds> spin{};

  /// How many workers that are blocked in get() can be replaced at the same time, 0 to 38. Past it workers block without a
  /// replacement, and the last one that is not blocked gets too_many_blocked. Default: 32. A spare costs nothing until it
  /// is first needed, then a thread.
  std::int64_t spares = 32;

  /// Names the threads, as "name/0", and the pool in describe(). Default: "filch". Linux shows 15 characters.
  std::string name = "filch";

  /// The stack of each worker in bytes, not less than the system's smallest (16 KiB or more). Default: 0, the system's
  /// usual one (8 MiB, taken page by page as it is used). get() runs awaited tasks in place while there is stack left.
  std::size_t stack_size = 0;

  /// One in how many tasks has its latency from submit to start measured. Default: 64. Costs two readings of the clock,
  /// about 40 ns, for each of these. 0 measures nothing.
  std::uint32_t latency_sampling = 64;

  /// How many tasks a worker's deque holds before its older half moves to the shared injection queue: a power of two,
  /// 2 to 2^20. Default: 1024. Costs 16 bytes each for every worker.
  std::size_t deque_capacity = 1024;

  /// Called on each worker's own thread, before its first task, by several at the same time; that of a spare, and of a
  /// worker that resize() brings, when it is first needed. Default: nothing. The constructor waits for it; what it throws comes
  /// out of the constructor. On those that come later it must not throw: that terminates. What it submits is taken as from any
  /// thread: once the pool is closed, submit() throws.
  std::function<void(const worker_info&)> on_worker_start{};

  /// Called on each worker's own thread after its last task, by several at the same time. Default: nothing. Must not throw.
  std::function<void(const worker_info&)> on_worker_stop{};

  /// Called on the worker with an exception that escaped from a posted task, by several at the same time. Default: prints
  /// what it says and terminates, as std::thread does. Must not throw.
  std::function<void(std::exception_ptr)> on_unhandled_exception{};
};

}  // namespace filch::inline v0_1
