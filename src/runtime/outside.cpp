// Tasks that end outside of a worker's loop: run by get(help), or cancelled, by the holder of the future or by who shuts the
// pool down.
#include <exception>
#include <utility>

#include "runtime/pool_core.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

void pool_core::run_claimed_outside(task_node& claimed) noexcept {
  const run_outcome outcome = run_outside(claimed);
  notify_all(claimed.state.finish());
  count_run(outcome);
}

// In the order of a worker: what comes of the task's release counts before its end does.
void pool_core::run_dequeued_outside(task_node& claimed) noexcept {
  if (cancelling()) {
    cancel_claimed(claimed, cancelled_because_stopped());
    return claimed.drop_reference();
  }
  const run_outcome outcome = run_outside(claimed);
  notify_all(claimed.state.finish());
  claimed.drop_reference();
  count_run(outcome);
}

run_outcome pool_core::run_outside(task_node& claimed) noexcept {
  const running_task frame(claimed);
  run_context context{stop_token_, exceptions(), nullptr};
  return claimed.operations->run(claimed, context);
}

void pool_core::count_run(run_outcome outcome) noexcept {
  switch (outcome) {
    case run_outcome::value: return count_ended({&worker_counters::claims, &worker_counters::executed});
    case run_outcome::exception:
      return count_ended({&worker_counters::claims, &worker_counters::executed, &worker_counters::failed});
    case run_outcome::not_called: return count_cancelled();
  }
}

// The captures' destructors are inside the task, as they are on a worker. Any thread may cancel, also a worker of the pool: its
// own ledger would do, but the moment is rare.
void pool_core::cancel_claimed(task_node& claimed, std::exception_ptr reason) noexcept {
  {
    const running_task frame(claimed);
    claimed.operations->abandon(claimed, std::move(reason));
  }
  notify_all(claimed.state.finish());
  count_ended({&worker_counters::cancelled});
}

// One that nobody else knows: counted after its release, as on a worker.
void pool_core::cancel_unknown(task_node& task) noexcept {
  {
    const running_task frame(task);
    cancel_because_stopped(task);
    task.drop_reference();
  }
  count_ended({&worker_counters::cancelled});
}

void pool_core::count_cancelled() noexcept { count_ended({&worker_counters::cancelled}); }

// The slot is held to the end: the pool may go as soon as it is free.
void pool_core::count_ended(std::initializer_list<counter worker_counters::*> which) noexcept {
  const slot_lease slot = slots_.lease();
  for (counter worker_counters::* const each : which) (slot->counters.*each).add(1);
  slot->ledger.count_finished();
  standard_atomics::full_fence();  // [I2] for [Q3]: the count above is visible, or the waiter is seen
  out_of_work();
}

}  // namespace filch::inline v0_1::detail
