// A job of the models, as the shipped steps of src/flow/job.cpp ask for it.
#pragma once

#include <memory>

#include "model_stop.hpp"
#include "model_time.hpp"

#include <filch/detail/task/stop_hook.hpp>

namespace filch::inline v0_1::detail {

struct model_limiter {
  steady_time take(steady_time now) { return now; }
};

struct no_predicate {
  void operator=(std::nullptr_t) {}
};

struct model_retry {
  int attempts = 1;
  no_predicate when{};
  bool after_all = false;  // so late that only the end of the pool comes before
};

struct job_plan {
  priority rank = priority::normal;
  steady_time due = moment(0);
  steady_time deadline = steady_time::max();
  std::chrono::steady_clock::duration timeout = std::chrono::steady_clock::duration::max();
  model_limiter* limiter = nullptr;
  model_retry retry{};
  struct token {
    model::stop_state* of;
    bool stop_requested() const { return of->stop_requested(); }
  };
  token stop{nullptr};
};

constexpr std::chrono::nanoseconds forever = std::chrono::hours(1);

/// What does not come at once comes when the clock has been moved.
inline steady_time later(steady_time now, std::chrono::steady_clock::duration wait) {
  return wait >= forever ? steady_time::max() : std::min(now + wait, moment(2));
}
/// At once, or when the clock has been moved.
inline std::chrono::nanoseconds wait_after(const model_retry& retry, int, std::uint64_t) {
  return retry.after_all ? forever : std::chrono::nanoseconds(rl::rand(2));
}
template <class Failures>
std::exception_ptr timed_out_because(Failures&, bool) {
  return nullptr;
}
inline std::exception_ptr ended_between_attempts(std::exception_ptr, std::size_t) { return nullptr; }

/// What was counted while it lived.
struct job_notes {
  int ends = 0;      // of callables
  int releases = 0;  // of jobs
  int results = 0;
  atomic<int> told{0};  // to stop: what fails afterwards is not tried again
};

/// The members as in detail/flow/job.hpp.
class job {
 public:
  job(timers& in, pool_core& pool, job_plan plan, int failures, job_notes& notes)
      : timers_(in), pool_(pool), plan_(plan), limit_(plan_.deadline), failures_left_(failures), notes_(notes) {}
  ~job() {
    RL_ASSERT(callable_ == 0);
    ++notes_.releases;
  }

 private:
  /// With four holders, as job_of.
  struct result_part final : task_node {
    explicit result_part(job& whole) : task_node(4), of(whole) {}
    void run() override { RL_ASSERT(false); }
    void abandon() override { RL_ASSERT(false); }
    void release() override {
      RL_ASSERT(!of.submitted_ || (of.result_ == 1 && state.is_ready()));
      delete &of;
    }
    job& of;
  };
  result_part part_{*this};
  task_node& task_ = part_;

 public:
  void start();

  void reserve();
  void run_here() noexcept;

  struct stop_claim {
    job& of;
    claim_outcome claim() noexcept;
  };
  stop_claim state{*this};
  reference_count<relacy_atomics>& references = part_.references;
  void drop_reference() noexcept { task_.drop_reference(); }
  void cancel(std::exception_ptr reason) noexcept;

  // --- for the scenarios ---
  /// As submission::queue_job(); false when the pool is closed, and the job is gone then.
  bool submit(model::stop_state& stops) {
    plan_.stop.of = &stops;
    hook_.arm(*this, model::stop_token{&stops});
    submitted_ = true;
    try {
      start();
    } catch (const closed_for_all&) {
      submitted_ = false;
      hook_.withdraw();
      destroy_callable();
      delete this;
      return false;
    }
    hook_.hand_over(*this);
    return true;
  }
  /// As future::cancel().
  void cancel_by_future() {
    if (part_.state.is_ready()) return;
    if (attempt_.state.claim() == claim_outcome::taken) return;
    references.add();
    cancel(nullptr);
    drop_reference();
    RL_ASSERT(callable_ == 0);
  }
  [[nodiscard]] bool is_ready() { return part_.state.is_ready(); }

 private:
  struct attempt final : task_node {
    explicit attempt(job& whole) : task_node(1), of(whole) {}
    void run() override { of.run_attempt(); }
    void abandon() override { of.abandon(nullptr); }
    void release() override { of.attempt_is_over(); }
    job& of;
  };
  class turn final : public delay {
   public:
    turn(timers& in, pool_core& pool, job& whole) : delay(in, pool), of_(whole) { task_ = &whole.attempt_; }
    void refuse() { end(); }

   private:
    after_due come_due() override;
    job& of_;
  };
  class alarm final : public timed_entry {
   public:
    explicit alarm(job& whole) : timed_entry(entry_kind::alarm), of_(whole) {}

   private:
    after_due come_due() override { return of_.time_is_up(); }
    void act() noexcept override { of_.end_in_time(); }
    job& of_;
  };
  /// Each use is an access that Relacy sees.
  class noted_failures {
   public:
    bool empty() { return touch() == 0; }
    std::size_t size() { return static_cast<std::size_t>(touch()); }
    void push_back() { count_ = count_ + 1; }
    void clear() { count_ = 0; }

   private:
    int touch() { return count_; }
    plain<int> count_{0};
  };

  // As job::run_attempt().
  void run_attempt() {
    RL_ASSERT(callable_ == 1);
    RL_ASSERT(failed_when_told_ == 0);
    ran_ = true;
    again_ = false;
    if (!may_start()) return;
    if (failures_left_ == 0) return;
    failures_left_ = failures_left_ - 1;
    failures_.push_back();
    failed_when_told_ = notes_.told.load(std::memory_order_acquire);
    again_ = true;
  }

  void stop_call() {}
  void deliver() { fail(nullptr); }
  void discard() {}
  void fail(std::exception_ptr) {
    RL_ASSERT(result_ == 0);
    result_ = 1;
    ++notes_.results;
  }
  void destroy_callable() {
    RL_ASSERT(callable_ == 1);
    callable_ = 0;
    ++notes_.ends;
  }
  void count_result(exception_tally*) { RL_ASSERT(result_ == 1); }

  bool may_start() noexcept;
  void attempt_is_over() noexcept;
  void queue();
  bool wait_for_first() noexcept;
  bool wait_for_next() noexcept;
  void settle() noexcept;
  void publish() noexcept;
  void end_callable(exception_tally* tally) noexcept;
  void abandon(std::exception_ptr reason) noexcept;
  after_due time_is_up() noexcept;
  void end_in_time() noexcept;
  bool has_limit() const noexcept;
  bool end_alarm() noexcept;
  void set_alarm(steady_time due) noexcept;

  timers& timers_;
  task_pool& pool_;
  job_plan plan_;
  attempt attempt_{*this};
  turn turn_{timers_, pool_, *this};
  alarm alarm_{*this};
  stop_hook<job, model::stop_callback, relacy_atomics> hook_;

  noted_failures failures_;
  std::exception_ptr thrown_;
  plain<bool> ran_{false};
  plain<bool> again_{false};
  const bool counts_ = true;
  bool in_time_ = false;
  steady_time limit_;
  bool started_ = false;
  plain<bool> running_{false};
  plain<bool> rung_{false};
  plain<bool> published_{false};
  plain<bool> submitted_{false};

  plain<int> failures_left_;
  plain<int> failed_when_told_{0};
  plain<int> callable_{1};
  plain<int> result_{0};
  job_notes& notes_;
};

inline bool is_of_this_process(const job&) { return true; }
inline void cancel_by_token(job& claimed) { claimed.cancel(nullptr); }

#include "shipped_job.inc"

}  // namespace filch::inline v0_1::detail
