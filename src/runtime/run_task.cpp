// Running one task: claim, call, publish, release. The order of these steps is the contract of src/task/README.md.
#include <cstdio>
#include <exception>
#include <utility>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

// The task called fork() and came back in the child. Going on would run the parent's queued tasks a second time.
void worker::end_forked_child() noexcept {
  std::fputs(
      "filch: a task called fork() and returned in the child, where the pool does not exist: call exec or _exit there\n",
      stderr);
  std::terminate();
}

// What lies in a deque is a task, or a branch of a join that another worker waits for. A group whose last tasks this worker has
// ended is told before it begins with something else, which may take for ever.
void worker::run_entry(task_node* entry) noexcept {
  if (stack_job::is_in(entry)) {
    ended_.tell();
    return stack_job::in(entry).run_stolen(*this);
  }
  if (!entry->operations->in_group) ended_.tell();
  run_dequeued(*entry);
}

// What was taken from a queue comes with a reference. A task that somebody else claimed leaves only its entry here. One
// without a future or a stop token is known to this worker alone: there is nothing to claim and nobody to tell.
void worker::run_dequeued(task_node& task) noexcept {
  const bool claimable = task.operations->claimable;
  if (claimable && task.state.claim() == claim_outcome::taken) {
    task.drop_reference();
    return;
  }
  call(task);
  if (claimable) notify_all(task.state.finish());
  task.drop_reference();
  ledger_.count_finished();
}

// get() holds a reference of its own, and the queue keeps the entry's.
void worker::run_claimed(task_node& task) noexcept {
  call(task);
  notify_all(task.state.finish());
  ledger_.count_finished();
}

void worker::call(task_node& task) noexcept {
  if (task.queued_at != 0) latencies_.record(steady_nanoseconds() - task.queued_at);
  const running_task frame(task);
  if (pool_.cancelling()) {
    ended_.tell();
    pool_.cancel_because_stopped(task);
    counters_.cancelled.add(1);
    return;
  }
  run_context context{pool_.stop_token(), pool_.exceptions(), nullptr};
  const run_outcome outcome = task.operations->run(task, context);
  if (!pool_.is_this_process()) end_forked_child();
  if (outcome == run_outcome::not_called) return counters_.cancelled.add(1);
  counters_.executed.add(1);
  if (outcome == run_outcome::value) return;
  counters_.failed.add(1);
  if (context.unhandled) pool_.handle_unhandled(std::move(context.unhandled));
}

void pool_core::handle_unhandled(std::exception_ptr thrown) noexcept {
  if (settings_.options.on_unhandled_exception) {
    settings_.options.on_unhandled_exception(std::move(thrown));
    return;
  }
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const std::exception& escaped) {
    std::fprintf(stderr, "filch: an exception escaped from a task posted to \"%s\": %s; catch it in the task, use submit(), or set on_unhandled_exception\n",
                 settings_.options.name.c_str(), escaped.what());
  } catch (...) {
    std::fprintf(stderr, "filch: an exception that is no std::exception escaped from a task posted to \"%s\"; catch it in the task, use submit(), or set on_unhandled_exception\n",
                 settings_.options.name.c_str());
  }
  std::terminate();
}

}  // namespace filch::inline v0_1::detail
