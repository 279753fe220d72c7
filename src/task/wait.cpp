// One wait: claim or spin or park. Steps as in src/task/README.md.
#include <filch/detail/task/wait.hpp>

#include <exception>
#include <optional>

#include <filch/detail/base/pause.hpp>
#include <filch/detail/task/completion_list.hpp>
#include <filch/detail/task/task_owner.hpp>
#include <filch/task/errors.hpp>

#include "base/stack_room.hpp"
#include "park/parker.hpp"
#include "task/same_process.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

namespace {

// Looks before a thread goes to sleep: a task that is about to end costs less to await than a futex call.
constexpr unsigned spin_turns = 100;

/// A waiter that parks its thread, which counts as blocked meanwhile if it is a worker's.
class parked_waiter : public waiter {
 public:
  parked_waiter(parker& own, worker_role* role) noexcept : waiter(&unpark), parker_(own), role_(role) { own.prepare(); }

 private:
  // A worker counts as unblocked from its notification on, not from when it gets a core again: else the last unblocked
  // worker would be refused a wait although the one it has just notified is about to run. Its pool is there until then,
  // since it is inside a task. After unpark() the waiter, on its thread's stack, may be gone.
  static void unpark(waiter& node) noexcept {
    const parked_waiter& self = static_cast<parked_waiter&>(node);
    if (self.role_ != nullptr) self.role_->end_blocked_wait();
    self.parker_.unpark();
  }

  parker& parker_;
  worker_role* const role_;
};

void require_other_task(const task_node& task) {
  if (running_task::is_running(task))
    throw would_deadlock(
        "filch: a task waits for itself: the future belongs to a task that this thread is running right now; wait for it "
        "outside of the task");
}

bool is_ready(const state_word<>& state) noexcept { return state.is_ready(); }
bool is_ready(const completion_list<>& list) noexcept { return !list.is_empty(); }

template <class Source>
bool becomes_ready_soon(const Source& source) noexcept {
  for (unsigned turn = 0; turn != spin_turns; ++turn) {
    if (is_ready(source)) return true;
    pause();
  }
  return false;
}

void end_blocked_wait(worker_role* role) noexcept {
  if (role != nullptr) role->end_blocked_wait();
}

/// Parks on the state of a task, or on a completion list. A waiter that was installed leaves only uninstalled or notified, also
/// after its time is up. Whoever is not notified ends its blocked wait itself.
template <class Source>
future_status park_on(Source& source, worker_role* role, std::optional<steady_time> deadline) {
  parker& own = this_thread_parker();
  parked_waiter self(own, role);
  if (source.install(self) == install_outcome::ready) return future_status::ready;
  // Only now: whoever counts as blocked waits for a task that is not finished.
  if (role != nullptr) {
    try {
      role->begin_blocked_wait();
    } catch (...) {
      if (source.uninstall(self) == uninstall_outcome::removed) throw;
      (void)own.park(std::nullopt, spin_turns);
      role->take_back_end_of_blocked_wait();
      return future_status::ready;
    }
  }
  if (own.park(deadline, 0) == park_result::notified) return future_status::ready;
  if (source.uninstall(self) == uninstall_outcome::removed) {
    end_blocked_wait(role);
    return future_status::timeout;
  }
  (void)own.park(std::nullopt, spin_turns);
  return future_status::ready;
}

bool run_here(task_node& task, worker_role* role, claim_policy policy) noexcept {
  if (!task.operations->ready_to_run) return false;
  if (role != nullptr && role->try_run_in_place(task)) return true;
  if (policy != claim_policy::any_thread || !stack_has_room()) return false;
  if (task.state.claim() == claim_outcome::taken) return false;
  task.owner->run_claimed_outside(task);
  return true;
}

future_status block_on(task_node& task, worker_role* role, std::optional<steady_time> deadline) {
  require_other_task(task);
  if (becomes_ready_soon(task.state)) return future_status::ready;
  return park_on(task.state, role, deadline);
}

template <class Source>
void park_regardless(Source& source) noexcept {
  if (becomes_ready_soon(source)) return;
  try {
    (void)park_on(source, role_to_replace, std::nullopt);
  } catch (const std::exception&) {  // too_many_blocked, or no memory to say so
    (void)park_on(source, nullptr, std::nullopt);
  }
}

}  // namespace

void wait_until_ready(task_node& task, claim_policy policy) {
  if (task.state.is_ready()) return;
  require_same_process(task.generation);
  if (run_here(task, this_thread_role, policy)) return;
  (void)block_on(task, role_to_replace, std::nullopt);
}

future_status wait_until_ready(task_node& task, steady_time deadline) {
  if (task.state.is_ready()) return future_status::ready;
  require_same_process(task.generation);
  if (deadline <= std::chrono::steady_clock::now()) return future_status::timeout;
  return block_on(task, role_to_replace, deadline);
}

bool run_in_place(task_node& task) noexcept { return run_here(task, this_thread_role, claim_policy::workers_only); }

void wait_until_not_empty(completion_list<>& own) {
  if (!becomes_ready_soon(own)) (void)park_on(own, role_to_replace, std::nullopt);
}

void wait_regardless(task_node& task) noexcept { park_regardless(task.state); }
void wait_regardless(state_word<>& state) noexcept { park_regardless(state); }
void wait_regardless(completion_list<>& own) noexcept { park_regardless(own); }

bool wait_with_spare(state_word<>& state) noexcept {
  try {
    (void)park_on(state, role_to_replace, std::nullopt);
  } catch (const std::exception&) {  // too_many_blocked, or no memory to say so
    return false;
  }
  return true;
}

void wait_without_spare(state_word<>& state, steady_time deadline) noexcept { (void)park_on(state, nullptr, deadline); }

}  // namespace filch::inline v0_1::detail
