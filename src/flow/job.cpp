// One attempt after the other, and the end. Who holds a job, and what the others do meanwhile: src/flow/README.md.
#include <filch/detail/flow/job.hpp>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

#include <filch/detail/task/wait.hpp>
#include <filch/flow/rate_limiter.hpp>
#include <filch/task/errors.hpp>

#include "flow/job_errors.hpp"
#include "task/thread_role.hpp"
#include "time/timers.hpp"

namespace filch::inline v0_1::detail {

job::job(task_node& task, const pool_timers& by, job_plan&& plan)
    : references(task.references),
      task_(task),
      timers_(by.in),
      pool_(by.pool),
      plan_(std::move(plan)),
      attempt_(by.pool, *this),
      turn_(by, *this),
      alarm_(*this),
      limit_(plan_.deadline) {}

const task_operations job::attempt::table{
    [](task_node& node, run_context& context) noexcept { return static_cast<attempt&>(node).of.run_attempt(context); },
    [](task_node& node, std::exception_ptr reason) noexcept { static_cast<attempt&>(node).of.abandon(std::move(reason)); },
    [](task_node& node) noexcept { static_cast<attempt&>(node).of.attempt_is_over(); }, true, false};

// --- waiting ---

// With a deadline it is queued under the lock, which its end takes too: afterwards it may be over, and the pool gone.
void job::start() {
  if (plan_.due > timers_.now()) {
    pool_.reserve(plan_.rank);
    if (!wait_for_first()) turn_.refuse();
    return;
  }
  if (plan_.deadline == steady_time::max()) return queue();
  const std::scoped_lock lock(timers_.mutex());
  timers_.insert(alarm_, limit_);
  try {
    queue();
  } catch (...) {
    (void)timers_.withdraw_locked(alarm_);
    throw;
  }
}

void job::queue() {
  task_node* const task = &attempt_;
  pool_.enqueue_with(plan_.rank, &task, 1);
}

// False when the pool cancels.
bool job::wait_for_first() noexcept {
  const std::scoped_lock lock(timers_.mutex());
  if (!timers_.takes_tasks()) return false;
  timers_.insert(turn_, plan_.due);
  if (plan_.deadline != steady_time::max()) timers_.insert(alarm_, limit_);
  return true;
}

void job::reserve() {
  pool_.reserve(plan_.rank);
  if (plan_.deadline == steady_time::max()) return;
  const std::scoped_lock lock(timers_.mutex());
  timers_.insert(alarm_, limit_);
}

claim_outcome job::claim_here() noexcept {
  const claim_outcome outcome = attempt_.state.claim();
  if (outcome == claim_outcome::taken) attempt_.drop_reference();
  return outcome;
}

void job::run_here() noexcept { pool_.run_dequeued_outside(attempt_); }

void job::end_here(std::exception_ptr reason) noexcept {
  cancel(std::move(reason));
  attempt_.drop_reference();
}

void job::stop_here() noexcept {
  cancel_by_token(*this);
  attempt_.drop_reference();
}

// A further attempt takes its moment from the limiter when it has waited for its own.
after_due job::turn::come_due() {
  if (of_.plan_.limiter != nullptr && of_.again_ && !std::exchange(of_.in_time_, true)) {
    const steady_time now = timers_.now();
    const steady_time due = of_.plan_.limiter->take(now);
    if (due > now) return {after_due::kind::waits, due};
  }
  return delay::come_due();
}

// False when there is no other attempt: the time is up, or somebody has told it to stop while the last one ran. The lock is
// held until it waits, so that who claims it from now on finds it in the timers.
bool job::wait_for_next() noexcept {
  const auto number = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
                      reinterpret_cast<std::uintptr_t>(this);
  const steady_time due =
      later(timers_.now(), wait_after(plan_.retry, static_cast<int>(failures_.size()), number));
  const std::scoped_lock lock(timers_.mutex());
  if (rung_ || plan_.stop.stop_requested() || !timers_.takes_tasks()) return false;
  running_ = false;
  ran_ = false;
  in_time_ = false;
  attempt_.queued_at = 0;
  attempt_.state.reopen();
  timers_.pool().reserve_regardless();
  timers_.insert(turn_, due);
  return true;
}

// --- running ---

run_outcome job::run_attempt(run_context& context) noexcept {
  ran_ = true;
  again_ = false;
  thrown_ = nullptr;
  if (!may_start()) {
    thrown_ = timed_out_because(failures_, false);
    counts_ = false;
    return run_outcome::value;
  }
  const running_task frame(task_);
  try {
    call(context.stop);
    return run_outcome::value;
  } catch (...) {
    again_ = take_failure(std::current_exception());
    return run_outcome::exception;
  }
}

bool job::may_start() noexcept {
  if (!has_limit()) return true;
  const std::scoped_lock lock(timers_.mutex());
  if (rung_) return false;
  const steady_time now = timers_.now();
  if (now >= limit_ && limit_ != steady_time::max()) return false;
  if (!std::exchange(started_, true)) set_alarm(std::min(limit_, later(now, plan_.timeout)));
  running_ = true;
  return true;
}

// Whether there is to be another attempt. Without memory to note the failure there is none. What was thrown is looked at before it
// is noted: afterwards the alarm may give it to who waits for the job.
bool job::take_failure(std::exception_ptr thrown) noexcept {
  thrown_ = std::move(thrown);
  if (plan_.retry.attempts == 1 || !is_worth_another()) return false;
  const bool is_last = static_cast<int>(failures_.size()) + 1 == plan_.retry.attempts;
  std::exception_ptr exhausted = is_last ? retries_exhausted_because(failures_, thrown_) : nullptr;
  if (!note_failure()) return false;
  if (!is_last) return true;
  thrown_ = std::move(exhausted);
  return false;
}

// Under the lock, since the alarm may tell of it.
bool job::note_failure() noexcept {
  const std::scoped_lock lock(timers_.mutex());
  try {
    failures_.push_back(thrown_);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool job::is_worth_another() noexcept {
  try {
    return !plan_.retry.when || plan_.retry.when(thrown_);
  } catch (...) {
    thrown_ = std::current_exception();
    return false;
  }
}

// The worker has nothing more to do with it; or it was claimed by somebody else, who ends the job, and this was only its entry
// in a queue.
void job::attempt_is_over() noexcept {
  if (ran_) {
    if (again_ && wait_for_next()) return;
    settle();
  }
  drop_reference();
}

// --- the end ---

// By the worker, after its last attempt. The end of the callable is inside the pool and inside the task: who shuts the one down
// there, or waits for the other, would wait for ever.
void job::settle() noexcept {
  const running_task in_pool(attempt_);
  const running_task in_task(task_);
  exception_tally& tally = timers_.pool().exceptions();
  const bool too_late = end_alarm();
  hook_.disarm(*this);
  if (too_late) {
    if (thrown_ != nullptr) tally.count_dropped();
    discard();
    end_callable(&tally);
  } else {
    publish();
  }
}

void job::publish() noexcept {
  if (thrown_ != nullptr) {
    fail(std::exchange(thrown_, nullptr));
  } else {
    try {
      deliver();
    } catch (...) {
      discard();
      fail(std::current_exception());
    }
  }
  end_callable(nullptr);
  count_result(counts_ ? &timers_.pool().exceptions() : nullptr);
  notify_all(task_.state.finish());
}

// What its destructor throws becomes the result or, where the task has one, is counted.
void job::end_callable(exception_tally* instead) noexcept {
  failures_.clear();
  thrown_ = nullptr;
  plan_.retry.when = nullptr;
  try {
    destroy_callable();
  } catch (...) {
    instead != nullptr ? instead->count_dropped() : fail(std::current_exception());
  }
}

// The claimer, instead of an attempt.
void job::abandon(std::exception_ptr reason) noexcept {
  turn_.withdraw();
  (void)end_alarm();
  hook_.disarm(*this);
  const running_task in_task(task_);
  fail(failures_.empty() ? std::move(reason) : ended_between_attempts(std::move(reason), failures_.size()));
  end_callable(nullptr);
  count_result(nullptr);
  notify_all(task_.state.finish());
}

void job::cancel(std::exception_ptr reason) noexcept { pool_.cancel_claimed(attempt_, std::move(reason)); }

void job::cancel_claimed(task_node&, std::exception_ptr reason) noexcept { cancel(std::move(reason)); }

void job::run_claimed_outside(task_node&) noexcept { std::terminate(); }

// --- its token ---

// Under the lock: a worker that opens the attempt again afterwards sees that the token was stopped.
claim_outcome job::stop_claim::claim() noexcept {
  const std::scoped_lock lock(of.timers_.mutex());
  return of.attempt_.state.claim();
}

// --- its time ---

bool job::has_limit() const noexcept {
  return plan_.deadline != steady_time::max() || plan_.timeout != std::chrono::steady_clock::duration::max();
}

void job::set_alarm(steady_time due) noexcept {
  limit_ = due;
  (void)timers_.withdraw_locked(alarm_);
  timers_.insert(alarm_, due);
}

// Afterwards the alarm does not ring. Answers whether it has, and has given the task its result.
bool job::end_alarm() noexcept {
  if (!has_limit()) return false;
  const std::scoped_lock lock(timers_.mutex());
  (void)timers_.withdraw_locked(alarm_);
  return published_;
}

// The timer thread, under the lock. What runs gets its result here and now, before its worker can think that it is over. What
// somebody has claimed that does not run is that one's to end.
after_due job::time_is_up() noexcept {
  rung_ = true;
  if (running_) {
    published_ = true;
    fail(timed_out_because(failures_, true));
    count_result(nullptr);
    notify_all(task_.state.finish());
  } else if (attempt_.state.claim() == claim_outcome::taken) {
    return {};
  }
  references.add();
  return {after_due::kind::acts, {}};
}

// Stop callbacks and the captures of what was never started are the user's code: no lock is held.
void job::end_in_time() noexcept {
  if (published_) {
    const running_task in_pool(attempt_);
    const running_task in_task(task_);
    stop_call();
  } else {
    cancel(timed_out_because(failures_, false));
  }
  drop_reference();
}

}  // namespace filch::inline v0_1::detail
