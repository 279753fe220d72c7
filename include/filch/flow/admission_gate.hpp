// So many at a time.
#pragma once

#include <cstdint>

#include <filch/flow/admission_options.hpp>

namespace filch::inline v0_1 {

namespace detail {
class admission_state;
struct gate_access;
}  // namespace detail

/// Bounds how many tasks are admitted and not over yet: queued, waiting for their moment, or running. A task takes a place when
/// it is submitted through the gate, and gives it back when its callable and captures have been destroyed: when it has run or
/// thrown, was cancelled in whatever way, or could not be submitted.
///
/// Bounds those who submit from outside. A thread that is inside the pool that it submits to, or inside a task that has a place
/// of this gate, takes one also where none is free, so that no task ever waits for itself: a worker, its hooks, a thread in
/// get(help). What it takes beyond the capacity must come back before the next from outside is admitted. Elsewhere, when no
/// place is free, submit() does what `when_full` says:
///
/// - `block`: waits until one is handed to it. First come, first served: nobody overtakes who waits. A worker of another pool
///   is replaced by a spare meanwhile. If the task's stop token is stopped it waits no longer, and the future is that of a
///   cancelled task; at the deadline of a job its future is that of one whose time is up. Where the pool is shut down meanwhile it goes on waiting for its turn, which comes as the admitted tasks
///   end, and then throws closed. It should not hold a lock, or be waited for, where the admitted tasks need that to end.
/// - `reject`: throws rejected.
/// - `caller_runs`: runs the task here and now, without a place; with a limiter, when its moment has come, for which it waits.
///   The future is ready then, unless another thread is just ending the task or it is a job with attempts left, and keeps what
///   the task threw. A callable that takes a stop token gets the one it would have got
///   on a worker. For the pool it is one of its tasks: what it submits is submitted from inside, and a shutdown waits for it.
///   Of a job this is the first attempt; further ones run on workers, without a place either.
///
/// What waits for its moment, or for its next attempt, has a place meanwhile. Tasks that submit through the gate are not
/// bounded, whatever the call. To end those who wait, give them a stop token: closing a pool does not.
///
/// May be shared by any number of threads and pools, and destroyed while tasks are under way, but not while a submission is.
///
/// Thread safety: every member but the destructor may be called from any thread at any time. Blocking: as long as a place is
/// free and nobody waits, submitting and completing stay lock-free; a task that ends while somebody waits takes a lock, for a
/// look. Throws, in submit(): rejected; too_many_blocked on a worker of another pool that would have to wait; forked in a child
/// of the process that has made it; closed, also where it is full. No place is taken then, and nothing is queued.
///
/// ```
/// filch::admission_gate gate({.capacity = 1'000});
/// for (const auto& file : files) (void)filch::submit(pool, {.gate = &gate}, convert, file);
/// ```
class admission_gate {
 public:
  /// Throws std::invalid_argument for options that make no sense; std::bad_alloc.
  explicit admission_gate(const admission_options& options);
  ~admission_gate();
  admission_gate(const admission_gate&) = delete;
  admission_gate& operator=(const admission_gate&) = delete;

  [[nodiscard]] std::int64_t capacity() const noexcept;

  /// How many places are taken: more than there are while workers have exceeded the bound. May be old. Never blocks.
  [[nodiscard]] std::int64_t taken() const noexcept;

  /// How many submissions wait for a place. May be old. Blocking: on a lock, for a look.
  [[nodiscard]] std::int64_t waiting() const noexcept;

 private:
  friend struct detail::gate_access;

  detail::admission_state& state_;
};

}  // namespace filch::inline v0_1
