// What waits for its time against all that may happen to it meanwhile: its time comes, its future cancels it, the pool drains
// or cancels. The steps are the shipped ones. Tasks and series are deleted as soon as the protocol allows, and so are the
// timers, so that a late touch is an access to freed memory.
#include "scenario.hpp"

#include "model_time.hpp"

namespace filch::model {
namespace {

using detail::delayed_task;
using detail::moment;
using detail::pool_core;
using detail::series;
using detail::timers;

/// Thread 0 submits and cancels, 1 is the timer thread, 2 a worker, the others end the pool.
template <unsigned Threads>
struct time_scenario : scenario<Threads> {
  pool_core pool;
  timers* in = nullptr;
  atomic<unsigned> began{1};  // 0 where a series is to come
  atomic<unsigned> over{0};
  atomic<unsigned> enders{0};
  int ends = 0;
  int releases = 0;
  int things = 0;

  void before() override { in = new timers(pool); }
  void after() override {
    RL_ASSERT(ends == things);
    RL_ASSERT(releases == things);
  }

  virtual void submit() = 0;
  virtual void end(unsigned index) = 0;
  void thread(unsigned index) override {
    if (index == 0) return submit();
    if (index == 1) return in->run();
    index == 2 ? work() : end(index);
  }

  /// The future's holder is the caller; nullptr when the pool was closed.
  delayed_task* delay_one(int due) {
    auto* const task = new delayed_task(*in, pool, ends, releases);
    ++things;
    if (pool.reserve()) {
      task->waiting.start(*task, moment(due));
      return task;
    }
    task->end();
    delete task;
    return nullptr;
  }
  void cancel(delayed_task& task) {
    task.references.add();
    if (task.state.claim() == detail::claim_outcome::claimed) pool.cancel_claimed(task, nullptr);
    task.drop_reference();
  }

  series* begin_series(unsigned ticks, bool throws) {
    auto* const all = new series(*in, pool, ticks, throws, ends, releases);
    ++things;
    if (all->start(began)) return all;
    all->discard();
    return nullptr;
  }

  void work() {
    while (over.load(std::memory_order_acquire) == 0)
      if (!pool.take_one(false)) relacy_atomics::pause();
  }

  /// As pool_core::shutdown(), by `of` threads; the last one deletes the timers.
  void end_pool(bool cancels, unsigned of = 1) {
    pool.close();
    in->drain();
    if (cancels) {
      in->cancel();
      while (pool.take_one(true)) {
      }
    }
    pool.wait_until_idle();
    while (began.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
    if (enders.fetch_add(1, std::memory_order_acq_rel) + 1 != of) return;
    in->stop();
    over.store(1, std::memory_order_release);
    delete in;
    pool.go();
  }
};

struct delayed_and_cancelled : time_scenario<4> {
  void submit() override {
    delayed_task* const task = delay_one(static_cast<int>(rl::rand(2)) * 2);
    if (task == nullptr) return;
    cancel(*task);
    task->drop_reference();
  }
  void end(unsigned) override { end_pool(false); }
};

struct delayed_and_drained : time_scenario<4> {
  void submit() override {
    delayed_task* const task = delay_one(0);
    if (task != nullptr) task->drop_reference();
  }
  void end(unsigned) override { end_pool(false); }
};

/// By two; one of its tasks is never due.
struct delayed_and_the_pool_cancels : time_scenario<5> {
  void submit() override {
    delayed_task* const soon = delay_one(0);
    delayed_task* const never = delay_one(2);
    if (soon != nullptr) soon->drop_reference();
    if (never == nullptr) return;
    if (rl::rand(2) == 0) cancel(*never);
    never->drop_reference();
  }
  void end(unsigned) override { end_pool(true, 2); }
};

/// Between one tick and two, which may throw, and a cancel.
struct series_and_cancel : time_scenario<4> {
  series_and_cancel() { began.store(0, std::memory_order_relaxed); }
  void submit() override {
    series* const all = begin_series(1 + rl::rand(2), rl::rand(2) == 0);
    if (all == nullptr) return;
    all->cancel();
    all->drop_reference();
  }
  void end(unsigned) override { end_pool(rl::rand(2) == 0); }
};

/// One that nobody but the end of the pool ends, or an exception.
struct series_and_two_who_end_the_pool : time_scenario<5> {
  series_and_two_who_end_the_pool() { began.store(0, std::memory_order_relaxed); }
  void submit() override {
    series* const all = begin_series(2, rl::rand(4) == 0);
    if (all != nullptr) all->drop_reference();
  }
  void end(unsigned index) override { end_pool(index == 4, 2); }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<delayed_and_cancelled>("delayed and cancelled", 60'000),
      executed<delayed_and_drained>("delayed and drained", 60'000),
      executed<delayed_and_the_pool_cancels>("delayed and the pool cancels", 60'000),
      executed<series_and_cancel>("series and cancel", 100'000),
      executed<series_and_two_who_end_the_pool>("series and two who end the pool", 60'000),
  });
}
