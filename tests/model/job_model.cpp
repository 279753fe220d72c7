// A job that may fail, against all that may end it meanwhile: its future cancels it, its token is stopped, its time is up, the
// pool drains or cancels. The steps are the shipped ones, those of the timers as well. Jobs are deleted as soon as the protocol
// allows, and so are the timers, so that a late touch is an access to freed memory.
#include <stop_token>  // first: Relacy renames what is in it

#include "scenario.hpp"

#include "model_job.hpp"

namespace filch::model {
namespace {

using detail::job;
using detail::job_notes;
using detail::job_plan;
using detail::moment;
using detail::pool_core;
using detail::timers;

/// Thread 0 submits, 1 is the timer thread, 2 a worker, 3 moves the clock, 4 ends the pool.
struct job_scenario : scenario<5> {
  pool_core pool;
  timers* in = nullptr;
  stop_state stops;
  job_notes notes;
  int jobs = 0;
  atomic<unsigned> over{0};
  atomic<unsigned> outside{1};  // who moves the clock
  atomic<unsigned> refused{0};

  void before() override { in = new timers(pool); }
  void after() override {
    RL_ASSERT(notes.ends == jobs);
    RL_ASSERT(notes.releases == jobs);
    RL_ASSERT(notes.results <= jobs);
  }

  virtual job_plan plan() = 0;
  virtual int failures() { return 1; }
  virtual bool pool_cancels() { return false; }
  virtual void meanwhile(job&) {}

  void thread(unsigned index) override {
    switch (index) {
      case 0: return submit();
      case 1: return in->run();
      case 2: return work();
      case 3: return move_clock();
      default: return end_pool();
    }
  }

  void tell_to_stop() {
    stops.request_stop(0);
    notes.told.store(1, std::memory_order_release);
  }

  void submit() {
    auto* const made = new job(*in, pool, plan(), failures(), notes);
    ++jobs;
    if (made->submit(stops)) {
      meanwhile(*made);
      made->drop_reference();
    } else {
      refused.store(1, std::memory_order_release);
    }
  }

  void move_clock() {
    in->move_clock(3);
    (void)outside.fetch_sub(1, std::memory_order_acq_rel);  // the clock knows of the pool until then
  }

  void work() {
    while (over.load(std::memory_order_acquire) == 0)
      if (!pool.take_one(false)) relacy_atomics::pause();
  }

  void end_pool() {
    pool.close();
    in->drain();
    if (pool_cancels()) {
      in->cancel();
      while (pool.take_one(true)) {
      }
    }
    // The pool is there until the submission has been taken or refused; not longer.
    while (!pool.has_taken_one() && refused.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
    pool.wait_until_idle();
    while (outside.load(std::memory_order_acquire) != 0) relacy_atomics::pause();
    while (pool.take_one(true)) {  // what is left there are entries of jobs that somebody has cancelled
    }
    in->stop();
    over.store(1, std::memory_order_release);
    delete in;
    pool.go();
  }
};

/// Tried again at once or when the clock has been moved.
struct failing_and_cancelled : job_scenario {
  job_plan plan() override { return {.due = moment(static_cast<int>(rl::rand(2)) * 2), .retry = {.attempts = 2}}; }
  void meanwhile(job& made) override { made.cancel_by_future(); }
};

struct failing_and_stopped : job_scenario {
  job_plan plan() override { return {.due = moment(static_cast<int>(rl::rand(2)) * 2), .retry = {.attempts = 2}}; }
  void meanwhile(job&) override { tell_to_stop(); }
};

/// Over when the clock has been moved: before the start, while it runs, or while it waits.
struct late : job_scenario {
  job_plan plan() override {
    return {.due = moment(static_cast<int>(rl::rand(2)) * 2), .deadline = moment(2), .retry = {.attempts = 2}};
  }
  int failures() override { return static_cast<int>(rl::rand(2)); }
};

struct late_and_cancelled : job_scenario {
  job_plan plan() override {
    return {.due = moment(static_cast<int>(rl::rand(2)) * 2), .deadline = moment(2), .retry = {.attempts = 2}};
  }
  void meanwhile(job& made) override { made.cancel_by_future(); }
};

struct late_and_stopped : job_scenario {
  job_plan plan() override {
    return {.due = moment(static_cast<int>(rl::rand(2)) * 2), .deadline = moment(2), .retry = {.attempts = 2}};
  }
  void meanwhile(job&) override { tell_to_stop(); }
};

/// The time begins with the first attempt.
struct long_and_the_pool_cancels : job_scenario {
  job_plan plan() override { return {.timeout = std::chrono::nanoseconds(1), .retry = {.attempts = 3}}; }
  int failures() override { return 2; }
  bool pool_cancels() override { return true; }
};

/// Nothing but the end of the pool ends the wait.
struct waiting_and_the_pool_cancels : job_scenario {
  job_plan plan() override { return {.retry = {.attempts = 2, .after_all = true}}; }
  bool pool_cancels() override { return true; }
};

/// Nothing but the request ends the wait.
struct waiting_and_stopped : job_scenario {
  job_plan plan() override { return {.retry = {.attempts = 2, .after_all = true}}; }
  void meanwhile(job&) override { tell_to_stop(); }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<failing_and_cancelled>("failing and cancelled", 60'000),
      executed<failing_and_stopped>("failing and stopped", 60'000),
      executed<late>("late", 60'000),
      executed<late_and_cancelled>("late and cancelled", 60'000),
      executed<late_and_stopped>("late and stopped", 60'000),
      executed<long_and_the_pool_cancels>("long and the pool cancels", 60'000),
      executed<waiting_and_stopped>("waiting and stopped", 60'000),
      executed<waiting_and_the_pool_cancels>("waiting and the pool cancels", 60'000),
  });
}
