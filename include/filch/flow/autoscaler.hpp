// A pool that finds its own size.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace filch::inline v0_1 {

class scheduler;

namespace detail {
class scaling;
}

/// The options of an autoscaler, for designated initialisers: `autoscaler sizes(pool, {.min_workers = 2, .max_workers = 16})`.
struct autoscale_options {
  /// The least size, 1 or more. Default: 1.
  std::int64_t min_workers = 1;

  /// The greatest, up to the pool's own. Default: scheduler_options::max_workers of the pool.
  std::optional<std::int64_t> max_workers{};

  /// How long a task may have to wait for a worker before more come, from 1 ms to an hour. Default: 10 ms. The pool is looked
  /// at as often; that costs a microsecond or two, and nothing while all its workers sleep and it has its least size.
  std::chrono::nanoseconds delay = std::chrono::milliseconds(10);

  /// How long there must have been workers without work, at each look, before some leave; `delay` or more, up to a year.
  /// Default: 1 s.
  std::chrono::nanoseconds calm = std::chrono::seconds(1);
};

/// Resizes a pool while it exists: up when tasks wait too long, down when workers have had nothing to do for a while.
///
/// ```
/// filch::scheduler pool({.workers = 2, .max_workers = 64});
/// filch::autoscaler sizes(pool, {.min_workers = 2, .delay = 20ms});
/// ```
///
/// How long a task has to wait is what is queued, divided by how many tasks ended a second (Little's law), while no worker is
/// idle; so it is known also where each task takes seconds and none has ended. When it is more than `delay` at two looks, one
/// after the other, the size doubles. When in all looks for `calm` some workers were idle, half of these go, at least one. What
/// lies between changes nothing. Tasks that block through filch::blocking() or a get() are stood in for by spares, and need no
/// larger pool.
///
/// It does not ask whether more workers do more: where tasks compute, let `max_workers` be the number of hardware threads.
/// Tasks of low priority count as any other, and so do cancelled ones until a worker comes by their entries.
///
/// The looks are made by the pool's timer thread, by the pool's clock; making threads, some 50 us each, holds up its other
/// timers. When a thread cannot be had the pool keeps its size, and it is tried again as long as tasks wait. What others do
/// with resize() is where it goes on from, between its bounds. It ends with the pool's shutdown, or with its destructor, and
/// the pool keeps the size it has. It may be destroyed before or after the pool; in a child made by fork() its destructor does
/// nothing.
///
/// Thread safety: as of any object, one thread at a time.
class autoscaler {
 public:
  /// Brings the pool to a size between the two. Throws std::invalid_argument for options that make no sense, and for a pool
  /// that has one already; closed; forked; std::system_error when a thread cannot be created; std::bad_alloc.
  explicit autoscaler(scheduler& pool, const autoscale_options& options = {});
  /// Waits for a look that is being made.
  ~autoscaler();
  autoscaler(const autoscaler&) = delete;
  autoscaler& operator=(const autoscaler&) = delete;

 private:
  detail::scaling* const scaling_;
};

}  // namespace filch::inline v0_1
