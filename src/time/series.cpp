// One call after the other, and the end. Who holds a series, and what the others do meanwhile: src/time/README.md.
#include <filch/detail/time/series.hpp>

#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include <filch/detail/task/wait.hpp>
#include <filch/task/errors.hpp>

#include "runtime/lanes.hpp"
#include "task/thread_role.hpp"
#include "time/timers.hpp"

namespace filch::inline v0_1::detail {

namespace {

std::exception_ptr over_because_closed(const std::string& name) noexcept {
  try {
    return std::make_exception_ptr(task_cancelled("filch: the pool \"" + name +
                                                  "\" was shut down, which ends what submit_every() has begun"));
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

void check_ticks(std::chrono::steady_clock::duration period, const tick_options& options) {
  if (period <= period.zero())
    throw std::invalid_argument(
        "filch: submit_every() was given a period of zero or less: give it a longer one, or let the task submit itself again");
  if (options.pace != pace::fixed_rate && options.pace != pace::fixed_delay)
    throw std::invalid_argument("filch: tick_options::pace is neither fixed_rate nor fixed_delay: use one of these");
  if (options.missed != missed::skip && options.missed != missed::catch_up)
    throw std::invalid_argument("filch: tick_options::missed is neither skip nor catch_up: use one of these");
  require_priority(options.task.priority);
}

// Two holders: the future, and the series itself until it is settled.
series::series(const task_operations& table, const pool_timers& by, const tick_plan& plan, std::uint32_t more_holders)
    : future_state<void>(table, *this, 2 + more_holders),
      timed_entry(entry_kind::repeats),
      timers_(by.in),
      pool_(by.pool),
      plan_(plan),
      tick_(by.pool, *this),
      due_(plan.first) {}

// A tick lies in its series and is queued again and again, one entry at a time. Its release is the last that is done with it,
// and leaves its count of references at one, as reference_count promises.
const task_operations series::tick::table{
    [](task_node& node, run_context& context) noexcept { return static_cast<tick&>(node).of.run_tick(context); },
    [](task_node&, std::exception_ptr) noexcept {},
    [](task_node& node) noexcept { static_cast<tick&>(node).of.tick_is_over(); }, false};

void series::start() {
  {
    const std::scoped_lock lock(timers_.mutex());
    if (timers_.takes_what_repeats()) return timers_.insert(*this, due_);
  }
  timers_.pool().refuse();
}

after_due series::come_due() {
  tick_.queued_at = 0;
  task_node* const task = &tick_;
  pool_.enqueue_with(plan_.rank, &task, 1);
  return {};
}

run_outcome series::run_tick(run_context& context) noexcept {
  if (state.is_claimed()) return run_outcome::value;
  const running_task frame(*this);
  try {
    call(context.stop);
    return run_outcome::value;
  } catch (...) {
    if (state.claim() == claim_outcome::claimed) {
      result.keep_exception(std::current_exception());
      thrown_into_ = &context.tally;
    } else {
      context.tally.count_dropped();
    }
    return run_outcome::exception;
  }
}

void series::tick_is_over() noexcept {
  if (thrown_into_ != nullptr) return settle();
  due_ = next_due();
  {
    const std::scoped_lock lock(timers_.mutex());
    if (!ended_ && timers_.takes_what_repeats()) return timers_.insert(*this, due_);
  }
  timers_.pool().reserve_regardless();
  end();
}

steady_time series::next_due() const noexcept {
  const steady_time now = timers_.now();
  if (plan_.pace == pace::fixed_delay) return later(now, plan_.period);
  const steady_time next = later(due_, plan_.period);
  if (plan_.missed == missed::catch_up || next >= now) return next;
  const steady_time::duration since_due = (now - next) % plan_.period;
  return since_due == since_due.zero() ? now : later(now, plan_.period - since_due);
}

// The holder, when the timers take it no more or somebody has ended it. It is counted as a task of the pool now. Where it has
// been claimed by somebody who has not come yet, the rest is left to that one, the count as well.
void series::end() noexcept {
  pool_core& core = timers_.pool();
  if (state.claim() == claim_outcome::claimed) {
    result.keep_exception(over_because_closed(core.decided().options.name));
  } else {
    const std::scoped_lock lock(timers_.mutex());
    loose_ = !ended_;
    if (loose_) return;
  }
  settle();
  core.count_cancelled();
}

// The claimer. Whoever holds the series meanwhile will settle it; if nobody does, this is the holder, and counts it where that
// has not been done.
void series::cancel_claimed(task_node&, std::exception_ptr reason) noexcept {
  pool_core& core = timers_.pool();
  {
    const std::scoped_lock lock(timers_.mutex());
    result.keep_exception(std::move(reason));
    if (timers_.withdraw_locked(*this)) {
      core.reserve_regardless();
    } else if (!loose_) {
      ended_ = true;
      return;
    }
  }
  settle();
  core.count_cancelled();
}

void series::run_claimed_outside(task_node&) noexcept { std::terminate(); }

// By the holder, when it is claimed and has its reason. The end of the callable is inside the pool and inside the series: who
// shuts the one down there, or waits for the other, would wait for ever. The rest as at the end of any task.
void series::settle() noexcept {
  {
    const running_task in_pool(tick_);
    const running_task in_series(*this);
    disarm();
    auto destroy = [this] { destroy_callable(); };
    attempt_into_result(*this, destroy);
  }
  if (thrown_into_ != nullptr)
    count_if_dropped(*thrown_into_);
  else
    do_not_count();
  notify_all(state.finish());
  drop_reference();
}

}  // namespace filch::inline v0_1::detail
