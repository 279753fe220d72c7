// Who is admitted at once, who waits, and who gets the place that is given back.
#include <filch/detail/flow/admission.hpp>

#include <stdexcept>
#include <string>

#include <filch/detail/base/pause.hpp>
#include <filch/flow/admission_gate.hpp>
#include <filch/task/errors.hpp>

#include "flow/admission_state.hpp"
#include "runtime/pool_core.hpp"
#include "task/same_process.hpp"

namespace filch::inline v0_1::detail {

namespace {

// Looks before a thread goes to sleep.
constexpr unsigned spin_turns = 100;

}  // namespace

// --- giving back ---

void admission_state::give_back() noexcept {
  for (;;) {
    const give_outcome outcome = word_.give_back();
    if (outcome == give_outcome::given) return;
    if (outcome == give_outcome::last) {
      delete this;
      return;
    }
    if (hand_over()) return;
  }
}

void admission_state::gate_goes() noexcept {
  if (word_.gate_goes() == give_outcome::last) delete this;
}

// The place goes to who has waited longest, or pays for one that a worker has taken beyond the bound. False when nobody waits
// any more: it is the caller's still. Until it is somebody else's it keeps this alive; afterwards who is in the line does,
// until that lock is free again.
bool admission_state::hand_over() noexcept {
  waiting_submitter* next = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    next = first_;
    if (next == nullptr) return false;
    if (word_.pay_excess() == payment::paid) return true;
    next->outcome = wait_outcome::admitted;
    remove(*next);
  }
  notify(*next);
  return true;
}

// A worker counts as unblocked from here on: its pool is there, since it is inside a task. After unpark() the waiter may be
// gone.
void admission_state::notify(waiting_submitter& taken_out) noexcept {
  if (taken_out.role != nullptr) taken_out.role->end_blocked_wait();
  taken_out.own.unpark();
}

// --- waiting ---

wait_outcome admission_state::wait(worker_role* role, std::optional<steady_time> deadline, const std::stop_token& stop) {
  if (take_soon() == take_outcome::taken) return wait_outcome::admitted;
  if (role != nullptr) role->begin_blocked_wait();
  waiting_submitter self(this_thread_parker(), role);
  if (join_line(self) == line_outcome::taken) {
    if (role != nullptr) role->end_blocked_wait();
    return wait_outcome::admitted;
  }
  const std::stop_callback leaves(stop, [&]() noexcept {
    if (process_generation() == generation && take_out_of_line(self, wait_outcome::stopped)) notify(self);
  });
  return wait_in_line(self, deadline);
}

// Where somebody waits there is nothing to be had: its place is behind them.
take_outcome admission_state::take_soon() noexcept {
  for (unsigned turn = 0; turn != spin_turns; ++turn) {
    if (word_.try_take() == take_outcome::taken) return take_outcome::taken;
    if (word_.somebody_waits()) break;
    pause();
  }
  return take_outcome::full;
}

line_outcome admission_state::join_line(waiting_submitter& self) noexcept {
  const std::scoped_lock lock(mutex_);
  const line_outcome outcome = word_.take_or_wait();
  if (outcome == line_outcome::waits) append(self);
  return outcome;
}

// Whoever is notified leaves by that alone, also after its time is up.
wait_outcome admission_state::wait_in_line(waiting_submitter& self, std::optional<steady_time> deadline) noexcept {
  if (self.own.park(deadline, 0) == park_result::notified) return self.outcome;
  if (take_out_of_line(self, wait_outcome::timeout)) {
    if (self.role != nullptr) self.role->end_blocked_wait();
    return wait_outcome::timeout;
  }
  (void)self.own.park(std::nullopt, spin_turns);
  return self.outcome;
}

// False when somebody else has, who notifies it.
bool admission_state::take_out_of_line(waiting_submitter& one, wait_outcome outcome) noexcept {
  const std::scoped_lock lock(mutex_);
  if (!one.in_line) return false;
  one.outcome = outcome;
  remove(one);
  return true;
}

void admission_state::append(waiting_submitter& last) noexcept {
  waiting_submitter* const before = last_;
  last.before = before;
  last.in_line = true;
  if (before == nullptr)
    first_ = &last;
  else
    before->behind = &last;
  last_ = &last;
  length_ = length_ + 1;
}

void admission_state::remove(waiting_submitter& one) noexcept {
  waiting_submitter* const before = one.before;
  waiting_submitter* const behind = one.behind;
  if (before == nullptr)
    first_ = behind;
  else
    before->behind = behind;
  if (behind == nullptr)
    last_ = before;
  else
    behind->before = before;
  one.in_line = false;
  length_ = length_ - 1;
  if (length_ == 0) word_.nobody_waits();
}

std::int64_t admission_state::waiting() noexcept {
  const std::scoped_lock lock(mutex_);
  return length_;
}

// --- being admitted ---

constinit thread_local const place_in_use* place_in_use::innermost = nullptr;

bool place_in_use::is_of(const admission_state& gate) noexcept {
  for (const place_in_use* each = innermost; each != nullptr; each = each->outer_)
    if (each->of_ == &gate) return true;
  return false;
}

void place::give_back(admission_state& to) noexcept { to.give_back(); }

admission_state& gate_access::state(const admission_gate& gate) noexcept { return gate.state_; }

task_pool& task_pool_of(const scheduler& pool) noexcept { return scheduler_access::core(pool); }

namespace {

admission admitted(admission_state& gate) noexcept { return {admission_outcome::admitted, place(gate)}; }

// A place if there is one, or for who must not wait for one. A pool that takes nothing says so to the others, rather than let
// them wait for that.
admission enter(admission_state& gate, const scheduler& pool) {
  require_same_process(gate.generation);
  if (gate.try_take() == take_outcome::taken) return admitted(gate);
  pool_core& core = scheduler_access::core(pool);
  if (core.is_called_from_inside() || place_in_use::is_of(gate)) {
    gate.take_regardless();
    return admitted(gate);
  }
  core.enqueue(nullptr, 0);
  return {admission_outcome::full};
}

admission wait(admission_state& gate, std::optional<steady_time> deadline, const std::stop_token& stop) {
  switch (gate.wait(role_to_replace, deadline, stop)) {
    case wait_outcome::admitted:
      return admitted(gate);
    case wait_outcome::stopped:
      return {admission_outcome::stopped};
    default:
      return {admission_outcome::full};
  }
}

}  // namespace

admission admit(const admission_gate& gate, scheduler& pool, const std::stop_token& stop, std::optional<steady_time> deadline) {
  admission_state& state = gate_access::state(gate);
  if (stop.stop_requested()) return {admission_outcome::stopped};
  admission got = enter(state, pool);
  if (got.outcome == admission_outcome::admitted || state.when_full == when_full::caller_runs) return got;
  if (state.when_full == when_full::block) {
    admission waited = wait(state, deadline, stop);
    if (waited.outcome == admission_outcome::full) waited.outcome = admission_outcome::stopped;
    return waited;
  }
  throw rejected("filch: the task was rejected, because all " + std::to_string(state.places()) +
                 " places of its admission_gate are taken: submit it later or more slowly, raise "
                 "admission_options::capacity, or let submissions wait with when_full::block");
}

admission admit_at_once(const admission_gate& gate, scheduler& pool) { return enter(gate_access::state(gate), pool); }

admission admit_until(const admission_gate& gate, scheduler& pool, const std::stop_token& stop, steady_time deadline) {
  admission_state& state = gate_access::state(gate);
  if (stop.stop_requested()) return {admission_outcome::stopped};
  admission got = enter(state, pool);
  if (got.outcome == admission_outcome::admitted || deadline <= std::chrono::steady_clock::now()) return got;
  return wait(state, deadline, stop);
}

namespace {

admission_state* make_state(const admission_options& options) {
  if (options.capacity < 1 || options.capacity > admission_word<>::most_places)
    throw std::invalid_argument("filch: an admission_gate was given a capacity of " + std::to_string(options.capacity) +
                                ": give it the number of tasks that may be under way, from 1 to 2^48");
  if (options.when_full > when_full::caller_runs)
    throw std::invalid_argument(
        "filch: an admission_gate was given a when_full that there is not: give it block, reject or caller_runs");
  return new admission_state(options);
}

}  // namespace
}  // namespace filch::inline v0_1::detail

namespace filch::inline v0_1 {

admission_gate::admission_gate(const admission_options& options) : state_(*detail::make_state(options)) {}

admission_gate::~admission_gate() { state_.gate_goes(); }

std::int64_t admission_gate::capacity() const noexcept { return state_.places(); }

std::int64_t admission_gate::taken() const noexcept { return state_.taken(); }

std::int64_t admission_gate::waiting() const noexcept {
  return detail::process_generation() == state_.generation ? state_.waiting() : 0;  // the lock of a child may be held for ever
}

}  // namespace filch::inline v0_1
