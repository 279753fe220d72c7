// A task that may be tried several times, and may have to be over in time: what does not depend on its callable. Who may touch
// what when: src/flow/README.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <stop_token>
#include <vector>

#include <filch/detail/base/reference_count.hpp>
#include <filch/detail/task/cancel.hpp>
#include <filch/detail/task/exception_tally.hpp>
#include <filch/detail/task/stop_hook.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/detail/task/task_owner.hpp>
#include <filch/detail/time/delay.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/detail/time/timed_entry.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/flow/retry_options.hpp>
#include <filch/task/priority.hpp>

namespace filch::inline v0_1 {
class rate_limiter;
}

namespace filch::inline v0_1::detail {

/// What was asked of a job. Checked.
struct job_plan {
  priority rank;
  std::stop_token stop;
  std::chrono::steady_clock::time_point due;  // the past where it need not wait
  std::chrono::steady_clock::time_point deadline;  // max() where there is none
  std::chrono::steady_clock::duration timeout;     // max() where there is none
  rate_limiter* limiter;                           // of further attempts
  retry_options retry;
};

/// But for the limiter's moment. `repeatable`: the callable can be called again. Throws std::invalid_argument, and what copying
/// `retry.when` throws.
[[nodiscard]] job_plan plan_job(const job_options& options, bool repeatable);

/// Throws std::invalid_argument: a result that cannot be moved.
[[noreturn]] void refuse_result();

/// How long to wait after so many failures. A number that nobody foresees decides on the share of chance.
[[nodiscard]] std::chrono::nanoseconds wait_after(const retry_options& options, int failures, std::uint64_t number) noexcept;

/// The task has a future; each attempt is a task of the pool's, which lies here too.
class job : public task_owner {
 public:
  job(const job&) = delete;
  job& operator=(const job&) = delete;

  /// The submitter: from here on it may run, and be over, at any moment. Throws as task_pool::enqueue_with; all its references
  /// are the caller's then.
  void start();
  /// Instead: it is counted, and not queued; then its first attempt is claimed, if nobody has done that, and runs here or is
  /// ended. Throws as task_pool::reserve.
  void reserve();
  [[nodiscard]] claim_outcome claim_here() noexcept;
  void run_here() noexcept;
  void end_here(std::exception_ptr reason) noexcept;
  void stop_here() noexcept;

  // --- what the hook of a stop token asks of its task ---
  struct stop_claim {
    job& of;
    claim_outcome claim() noexcept;
  };
  stop_claim state{*this};
  reference_count<>& references;
  void drop_reference() noexcept { task_.drop_reference(); }
  [[nodiscard]] task_node& node() const noexcept { return task_; }

  /// For the submitter.
  [[nodiscard]] stop_hook<job>& hook() noexcept { return hook_; }

 protected:
  /// `task` is the rest of this object, made before. Throws std::bad_alloc.
  job(task_node& task, const pool_timers& by, job_plan&& plan);
  ~job() = default;

  [[nodiscard]] const std::stop_token& stop_token() const noexcept { return plan_.stop; }
  [[nodiscard]] bool is_tried_once() const noexcept { return plan_.retry.attempts == 1; }
  [[nodiscard]] claim_outcome claim_to_cancel() noexcept { return attempt_.state.claim(); }

 private:
  /// One after the other lies in the pool's queue; its release is the last that is done with it there.
  class attempt final : public task_node {
   public:
    attempt(task_pool& pool, job& whole) noexcept : task_node(table, pool, 1), of(whole) {}
    job& of;

   private:
    static const task_operations table;
  };

  /// The wait before an attempt.
  class turn final : public delay {
   public:
    turn(const pool_timers& by, job& whole) : delay(by, whole.plan_.rank), of_(whole) { task_ = &whole.attempt_; }
    /// The pool cancels.
    void refuse() noexcept { end(); }

   private:
    after_due come_due() override;
    job& of_;
  };

  /// The moment at which it has to be over.
  class alarm final : public timed_entry {
   public:
    explicit alarm(job& whole) : timed_entry(entry_kind::alarm), of_(whole) {}

   private:
    after_due come_due() override { return of_.time_is_up(); }
    void act() noexcept override { of_.end_in_time(); }
    job& of_;
  };

  // --- what depends on the callable ---
  virtual void call(const std::stop_token& of_pool) = 0;      // keeps what it returns, throws what it throws
  virtual void stop_call() noexcept = 0;                      // any thread
  virtual void deliver() = 0;                                 // what was kept becomes the result; throws what its move does
  virtual void fail(std::exception_ptr reason) noexcept = 0;  // becomes the result
  virtual void discard() noexcept = 0;                        // what was kept
  virtual void destroy_callable() = 0;                        // throws what its destructor does
  virtual void count_result(exception_tally* where) noexcept = 0;

  // --- task_owner, of the task ---
  void run_claimed_outside(task_node& claimed) noexcept override;
  void cancel_claimed(task_node& claimed, std::exception_ptr reason) noexcept override;
  [[nodiscard]] task_pool& pool() noexcept override { return pool_; }

  run_outcome run_attempt(run_context& context) noexcept;
  [[nodiscard]] bool may_start() noexcept;
  [[nodiscard]] bool take_failure(std::exception_ptr thrown) noexcept;
  [[nodiscard]] bool note_failure() noexcept;
  [[nodiscard]] bool is_worth_another() noexcept;
  void attempt_is_over() noexcept;
  void queue();
  [[nodiscard]] bool wait_for_first() noexcept;
  [[nodiscard]] bool wait_for_next() noexcept;
  void settle() noexcept;
  void cancel(std::exception_ptr reason) noexcept;
  void publish() noexcept;
  void end_callable(exception_tally* tally) noexcept;
  void abandon(std::exception_ptr reason) noexcept;
  [[nodiscard]] after_due time_is_up() noexcept;
  void end_in_time() noexcept;
  [[nodiscard]] bool has_limit() const noexcept;
  [[nodiscard]] bool end_alarm() noexcept;
  void set_alarm(std::chrono::steady_clock::time_point due) noexcept;

  task_node& task_;
  timers& timers_;
  task_pool& pool_;
  job_plan plan_;
  attempt attempt_;
  turn turn_;
  alarm alarm_;
  stop_hook<job> hook_;

  // Of the worker that runs an attempt and, from one to the next, of who claims it.
  std::vector<std::exception_ptr> failures_;  // written under the lock of the timers while there may be an alarm
  std::exception_ptr thrown_;
  bool ran_ = false;       // what is released has run
  bool again_ = false;     // it has failed, and there is another attempt
  bool counts_ = true;     // what it threw is of its making
  bool in_time_ = false;   // the place of the next attempt has been taken from the limiter

  // Under the lock of the timers.
  std::chrono::steady_clock::time_point limit_;
  bool started_ = false;
  bool running_ = false;
  bool rung_ = false;       // the time was up
  bool published_ = false;  // while it ran: the task has its result
};

/// For the hook.
[[nodiscard]] inline bool is_of_this_process(const job& task) noexcept { return is_of_this_process(task.node()); }
inline void cancel_by_token(job& claimed) noexcept { cancel_by_token(claimed.node()); }

}  // namespace filch::inline v0_1::detail
