// What the timers of the models have, as the shipped steps of the room `time` ask for it: a pool that is a queue and two
// counts, tasks, and a clock that stands at 1 until it is moved. What is due at 0 is due, what is due at 2 is not yet.
#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model_mutex.hpp"

#include <filch/detail/base/reference_count.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::inline v0_1::detail {

using model::atomic;
using model::plain;
using model::relacy_atomics;

using steady_time = std::chrono::steady_clock::time_point;
inline steady_time moment(int which) { return steady_time(std::chrono::nanoseconds(which)); }

enum class priority { normal };

struct timer_key {
  steady_time due;
  std::uint64_t number;
  friend auto operator<=>(const timer_key&, const timer_key&) = default;
};
class timed_entry;

/// Each use is an access that Relacy sees.
class timer_map : public std::map<timer_key, timed_entry*> {
  using base = std::map<timer_key, timed_entry*>;

 public:
  iterator begin() { return touch(), base::begin(); }
  iterator end() { return touch(), base::end(); }
  bool empty() { return touch(), base::empty(); }
  iterator upper_bound(const timer_key& key) { return touch(), base::upper_bound(key); }
  node_type extract(iterator at) { return touch(), base::extract(at); }
  insert_return_type insert(node_type&& node) { return touch(), base::insert(std::move(node)); }

 private:
  void touch() { touched_ = touched_ + 1; }
  plain<int> touched_{0};
};

class timers;

enum class entry_kind { once, repeats, alarm };

struct after_due {
  enum class kind { gone, waits, acts };
  kind what = kind::gone;
  steady_time again{};
};

class timed_entry {
 protected:
  explicit timed_entry(entry_kind kind) : kind_(kind) {
    std::map<timer_key, timed_entry*> alone;
    alone.emplace(timer_key{}, this);
    place_ = alone.extract(alone.begin());
  }
  ~timed_entry() = default;

 private:
  friend class timers;
  virtual after_due come_due() = 0;
  virtual void act() noexcept {}
  virtual void end() noexcept {}

  const entry_kind kind_;
  plain<bool> waits_{false};
  timer_map::node_type place_;
  timer_map::iterator at_;
};

/// A task or a tick. Deleted by its last holder.
class task_node {
 public:
  explicit task_node(unsigned holders) : references(holders) {}
  virtual ~task_node() = default;
  /// By the claimer.
  virtual void run() = 0;
  virtual void abandon() = 0;
  virtual void release() { delete this; }
  virtual bool claimable() const { return true; }
  void drop_reference() {
    if (references.drop() == drop_outcome::last) release();
  }

  state_word<relacy_atomics> state;
  reference_count<relacy_atomics> references;
  plain<long> queued_at{0};
};

struct running_task {
  template <class Task>
  explicit running_task(const Task&) {}
};

class closed_for_all {};

struct exception_tally {
  void count_dropped() {}
};

class pool_core {
 public:
  // What the shipped steps ask for.
  struct settings {
    struct {
      std::string name;
    } options;
  };
  const settings& decided() const { return settings_; }
  void bind_service_thread() {}
  std::exception_ptr cancelled_because_stopped() const { return nullptr; }
  void reserve_regardless() { count(spawned_); }
  void count_cancelled() { count(finished_); }
  exception_tally& exceptions() { return exceptions_; }
  void reserve(priority) {
    if (!reserve()) throw closed_for_all();
  }
  void enqueue_reserved(priority, task_node& task) { push(task); }
  void enqueue_with(priority, task_node* const* tasks, std::size_t) {
    if (!reserve()) throw closed_for_all();
    push(*tasks[0]);
  }
  void cancel_claimed(task_node& task, std::exception_ptr) {
    task.abandon();
    notify_all(task.state.finish());
    count(finished_);
  }

  /// As pool_core::reserve(); false when it is closed.
  bool reserve() {
    const std::scoped_lock lock(gate_);
    if (closed_) return false;
    count(spawned_);
    return true;
  }
  void close() {
    const std::scoped_lock lock(gate_);
    closed_ = true;
  }
  bool idle() {
    const unsigned finished = finished_.load(std::memory_order_acquire);
    return finished == spawned_.load(std::memory_order_acquire);
  }
  bool has_taken_one() { return spawned_.load(std::memory_order_acquire) != 0; }
  void wait_until_idle() {
    while (!idle()) relacy_atomics::pause();
  }
  void go() { exists_ = 0; }

  /// As worker::run_dequeued(), or cancelled. False when there is nothing.
  bool take_one(bool cancels) {
    task_node* const task = pop();
    if (task == nullptr) return false;
    const bool claimed = !task->claimable() || task->state.claim() == claim_outcome::claimed;
    if (claimed) {
      cancels ? task->abandon() : task->run();
      if (task->claimable()) notify_all(task->state.finish());
    }
    task->drop_reference();
    if (claimed) count(finished_);
    return true;
  }

 private:
  void count(atomic<unsigned>& what) {
    RL_ASSERT(exists_ == 1);
    (void)what.fetch_add(1, std::memory_order_acq_rel);
  }
  void push(task_node& task) {
    RL_ASSERT(exists_ == 1);
    const std::scoped_lock lock(gate_);
    queue_.push_back(&task);
  }
  task_node* pop() {
    const std::scoped_lock lock(gate_);
    if (queue_.empty()) return nullptr;
    task_node* const first = queue_.front();
    queue_.erase(queue_.begin());
    return first;
  }

  settings settings_;
  exception_tally exceptions_;
  model::mutex gate_;
  std::vector<task_node*> queue_;
  bool closed_ = false;
  atomic<unsigned> spawned_{0};
  atomic<unsigned> finished_{0};
  plain<int> exists_{1};
};
using task_pool = pool_core;

inline void name_this_thread(const std::string&, const char*) {}
inline void wait_punctually() {}
/// Without the wake-ups for no reason that a futex has: they would hide one that is lost.
inline void futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected, std::optional<steady_time>) {
  do relacy_atomics::wait(word, expected);
  while (word.newest() == expected);
}
inline void futex_wake_one(const atomic<std::uint32_t>* word) { relacy_atomics::wake_all(*word); }

/// Holds in every execution.
struct with_confirm {
  static void confirm(bool holds, const char*) { RL_ASSERT(holds); }
};

/// The members as in src/time/timers.hpp.
class timers : with_confirm {
 public:
  explicit timers(pool_core& pool) : pool_(pool) {}

  pool_core& pool() { return pool_; }
  steady_time now() const { return moment(now_.load(std::memory_order_relaxed)); }
  /// As catch_up() of a virtual clock, without waiting.
  void move_clock(int to) {
    const std::scoped_lock lock(mutex_);
    now_.store(to, std::memory_order_relaxed);
    wake();
  }
  void add(timed_entry& entry, steady_time due) noexcept;
  bool withdraw(timed_entry& entry) noexcept;
  void drain() noexcept;
  void cancel() noexcept;
  void stop() noexcept;
  model::mutex& mutex() { return mutex_; }
  bool takes_what_repeats() const { return mode_ == mode::open; }
  bool takes_tasks() const { return mode_ < mode::cancelling; }
  void insert(timed_entry& entry, steady_time due) noexcept;
  bool withdraw_locked(timed_entry& entry) noexcept;
  /// The timer thread, which the scenario has.
  void run() {
    main();
    thread_.ended.store(1, std::memory_order_release);
  }

 private:
  enum class mode { open, draining, cancelling, stopped };
  struct pass {
    timed_entry* acts;
    std::optional<steady_time> next;
  };
  struct thread {
    atomic<unsigned> ended{0};
    void join() {
      while (ended.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
    }
  };

  void main() noexcept;
  pass hand_over_what_is_due() noexcept;
  void act(timed_entry& entry, std::unique_lock<model::mutex>& lock) noexcept;
  std::optional<after_due> hand_over(timed_entry& entry) noexcept;
  static bool is_due(steady_time due, steady_time now) { return due <= now; }
  void sleep(std::optional<steady_time> until, std::unique_lock<model::mutex>& lock) noexcept;
  void wake() noexcept;
  void tell_passes() noexcept {}
  void end_all(mode by) noexcept;
  timed_entry* take_next_that_ends(mode by, timer_key& last) noexcept;
  void put(timed_entry& entry) noexcept;
  void remove(timed_entry& entry) noexcept;

  bool acts_here_ = false;
  static constexpr std::chrono::milliseconds patience{1};
  static constexpr std::chrono::microseconds shortest_sleep{20};
  pool_core& pool_;
  model::mutex mutex_;
  timer_map waiting_;
  std::uint64_t added_ = 0;
  mode mode_ = mode::open;
  void* clock_ = nullptr;
  bool started_ = true;
  bool asleep_ = false;
  atomic<std::uint32_t> epoch_{0};
  atomic<int> now_{1};
  thread thread_;
};

/// As in delay.hpp.
class delay : public timed_entry {
 public:
  delay(timers& in, pool_core& pool) : timed_entry(entry_kind::once), timers_(in), pool_(pool) {}
  void start(task_node& task, steady_time due) noexcept;
  void withdraw() noexcept;

 protected:
  after_due come_due() override;
  void end() noexcept override;

  timers& timers_;
  task_node* task_ = nullptr;

 private:
  task_pool& pool_;
  const priority rank_ = priority::normal;
};

struct delayed_task final : task_node {
  delayed_task(timers& in, pool_core& pool, int& end_counter, int& release_counter)
      : task_node(2), waiting(in, pool), ends(end_counter), releases(release_counter) {}
  ~delayed_task() override {
    RL_ASSERT(callable == 0);
    ++releases;
  }
  void run() override { end(); }
  void abandon() override {
    waiting.withdraw();
    end();
  }
  void end() {
    RL_ASSERT(callable == 1);
    callable = 0;
    ++ends;
  }

  delay waiting;
  plain<int> callable{1};
  int& ends;
  int& releases;
};

/// As in series.hpp, and the task around it.
class series final : public timed_entry {
 public:
  series(timers& in, pool_core& pool, unsigned ticks, bool throws, int& end_counter, int& release_counter)
      : timed_entry(entry_kind::repeats),
        timers_(in),
        pool_(pool),
        tick_(*this),
        ends(end_counter),
        releases(release_counter),
        ticks_left_(static_cast<int>(ticks)),
        throws_(throws) {}
  ~series() {
    RL_ASSERT(callable == 0);
    ++releases;
  }

  /// As series::start(); false when the pool is closed. `inside` is set when it has come so far: who calls it is there before
  /// the pool goes.
  bool start(atomic<unsigned>& inside) {
    const std::scoped_lock lock(timers_.mutex());
    inside.store(1, std::memory_order_release);
    if (!timers_.takes_what_repeats()) return false;
    timers_.insert(*this, due_);
    return true;
  }
  void cancel_claimed(task_node&, std::exception_ptr reason) noexcept;
  /// As future::cancel().
  void cancel() {
    references.add();
    if (state.claim() == claim_outcome::claimed) cancel_claimed(tick_, nullptr);
    drop_reference();
  }
  /// As what is left of one that could not be started.
  void discard() {
    callable = 0;
    ++ends;
    delete this;
  }
  void drop_reference() {
    if (references.drop() == drop_outcome::last) delete this;
  }

  state_word<relacy_atomics> state;
  reference_count<relacy_atomics> references{2};

 private:
  struct tick final : task_node {
    explicit tick(series& whole) : task_node(1), of(whole) {}
    void run() override { of.run_tick(); }
    void abandon() override {}
    void release() override { of.tick_is_over(); }
    bool claimable() const override { return false; }
    series& of;
  };
  struct kept_reason {
    plain<int> is_there{0};
    void keep_exception(std::exception_ptr) {
      RL_ASSERT(is_there == 0);
      is_there = 1;
    }
  };

  after_due come_due() override;
  void end() noexcept override;
  void tick_is_over() noexcept;
  void settle() noexcept;

  // As series::run_tick().
  void run_tick() {
    if (state.is_claimed()) return;
    RL_ASSERT(callable == 1);
    if (throws_ && state.claim() == claim_outcome::claimed) {
      result.keep_exception(nullptr);
      thrown_into_ = &ends;
    }
  }
  steady_time next_due() {
    ticks_left_ = ticks_left_ - 1;
    return moment(ticks_left_ > 0 ? 0 : 2);
  }
  void disarm() {}
  void destroy_callable() {
    RL_ASSERT(callable == 1);
    callable = 0;
    ++ends;
  }
  template <class Step>
  static void attempt_into_result(series&, Step& step) {
    step();
  }
  void count_if_dropped(int&) {}
  void do_not_count() {}
  static std::exception_ptr over_because_closed(const std::string&) { return nullptr; }

  struct {
    priority rank = priority::normal;
  } plan_;
  timers& timers_;
  task_pool& pool_;
  tick tick_;
  kept_reason result;
  int& ends;
  int& releases;
  plain<int> ticks_left_;
  const bool throws_;
  plain<int> callable{1};
  steady_time due_ = moment(0);
  int* thrown_into_ = nullptr;
  plain<bool> ended_{false};
  plain<bool> loose_{false};
};

#include "shipped_time.inc"

}  // namespace filch::inline v0_1::detail
