// A pool for the models: the shipped steps of searching, parking, retiring, blocking, waiting for idleness and stopping,
// taken from src/runtime by shipped_text.sh, over the shipped headers. Made by hand is what surrounds them: an injection
// queue, the order in which a worker looks for work, and what a task is.
#pragma once

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "scenario.hpp"

#include <filch/detail/park/idle.hpp>
#include <filch/detail/park/spare_word.hpp>
#include <filch/detail/queue/chase_lev_deque.hpp>
#include <filch/detail/runtime/closing.hpp>
#include <filch/detail/runtime/quiescence.hpp>
#include <filch/task/errors.hpp>

namespace filch::inline v0_1::detail {

using model::relacy_atomics;
using steady_time = std::chrono::steady_clock::time_point;

class worker;
class pool_core;

struct task_node {
  model::plain<int> runs{0};
  virtual void run(worker& by) = 0;
  virtual void run_outside() {}

 protected:
  ~task_node() = default;
};

/// Like the real one: a lane for each producer, looked at with relaxed loads, and a dequeue that may find nothing though
/// there is something.
class injection_queue {
 public:
  static constexpr unsigned lanes = 6;
  static constexpr unsigned lane_capacity = 16;

  struct producer {
    unsigned lane = lanes;
  };

  void enqueue(producer& from, task_node* const* items, std::size_t count) {
    if (from.lane == lanes) from.lane = next_lane_++;
    lane& into = lanes_[from.lane];
    for (std::size_t i = 0; i != count; ++i) into.cells[into.queued + i] = items[i];
    into.queued += static_cast<unsigned>(count);
    into.tail.store(into.queued, std::memory_order_release);
  }

  std::size_t dequeue(task_node** items, std::size_t count) {
    if (rl::rand(4) == 0) return 0;
    for (unsigned i = 0; i != next_lane_; ++i) {
      lane& from = lanes_[i];
      unsigned head = from.head.load(std::memory_order_relaxed);
      const unsigned tail = from.tail.load(std::memory_order_acquire);
      if (head >= tail) continue;
      const unsigned taken = std::min(tail - head, static_cast<unsigned>(count));
      if (!from.head.compare_exchange_strong(head, head + taken, std::memory_order_acq_rel, std::memory_order_relaxed))
        continue;
      for (unsigned n = 0; n != taken; ++n) items[n] = from.cells[head + n];
      return taken;
    }
    return 0;
  }

  bool maybe_not_empty() const {
    for (unsigned i = 0; i != next_lane_; ++i) {
      const unsigned tail = lanes_[i].tail.load(std::memory_order_relaxed);
      if (lanes_[i].head.load(std::memory_order_relaxed) < tail) return true;
    }
    return false;
  }

 private:
  struct lane {
    model::plain<task_node*> cells[lane_capacity];
    model::atomic<unsigned> tail{0};
    model::atomic<unsigned> head{0};
    unsigned queued = 0;  // the producer's
  };
  lane lanes_[lanes];
  unsigned next_lane_ = 0;
};

struct submission_slot {
  submission_mark<relacy_atomics> mark;
  task_ledger<relacy_atomics> ledger;
  injection_queue::producer producer;
};

class submission_slots {
 public:
  submission_slot& lease() {
    for (unsigned i = 0;; i = (i + 1) % 2) {
      if (slots_[i].mark.try_lease() == lease_outcome::leased) return slots_[i];
      relacy_atomics::pause();
    }
  }
  void wait_until_all_free() const {
    for (const submission_slot& slot : slots_) slot.mark.wait_until_free();
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const submission_slot& slot : slots_) visit(slot);
  }

 private:
  submission_slot slots_[2];
};

struct group_plan {
  struct group {
    unsigned size = 0;
    std::uint64_t spares = 0;
    unsigned members[4] = {};  // worker indices by bit
  };
  group groups[2];
  idle_seat seats[4];
  unsigned count = 1;
};

struct shape {
  unsigned workers;
  unsigned spares = 0;
  unsigned groups = 1;
  unsigned spin = 1;  // looks before parking
};

class pool_core {
 public:
  explicit pool_core(shape of);
  ~pool_core();

  // What the shipped steps ask for.
  idle_protocol<pool_core, relacy_atomics>& idle() noexcept { return idle_; }
  spare_word<relacy_atomics>& spares() noexcept { return spares_; }
  injection_queue& injection() noexcept { return injection_; }
  worker* worker_at(unsigned index) const noexcept { return workers_[index]; }
  unsigned workers_in_use() const noexcept { return worker_count_ + spare_count_; }
  unsigned worker_count() const noexcept { return worker_count_; }
  unsigned spin() const noexcept { return spin_; }
  bool stopping() const noexcept { return stopping_.load(std::memory_order_seq_cst); }
  unsigned group_count() const noexcept { return groups_.count; }
  idle_word<relacy_atomics>& word(unsigned group) noexcept { return words_[group]; }
  unsigned search_limit(unsigned) const noexcept { return worker_count_ > 3 ? worker_count_ / 2 : 1; }
  unsigned group_size(unsigned group) const noexcept { return groups_.groups[group].size; }
  unsigned nth_group(unsigned home, unsigned n) const noexcept { return (home + n) % groups_.count; }
  park_token<relacy_atomics>& token(unsigned group, unsigned bit) noexcept {
    return tokens_[groups_.groups[group].members[bit]];
  }
  void trim_memory() const noexcept {}
  worker& make_worker(unsigned index) const noexcept { return *workers_[index]; }
  template <class Visit>
  void for_each_worker(Visit&& visit) const {
    for (unsigned i = 0; i != workers_in_use(); ++i) visit(*workers_[i]);
  }
  static void full_fence(std::source_location where = std::source_location::current()) noexcept {
    relacy_atomics::full_fence(where);
  }
  static void futex_wait(const model::atomic<std::uint32_t>& word, std::uint32_t expected, std::optional<steady_time>) {
    relacy_atomics::wait(word, expected);
  }
  static void futex_wake_all(const model::atomic<std::uint32_t>* word) { relacy_atomics::wake_all(*word); }

  // The shipped steps.
  bool work_visible() noexcept;
  void out_of_work() noexcept;
  void replace_blocked_worker();
  void start_spare(unsigned spare);
  void blocked_worker_returns() noexcept;
  void take_back_return() noexcept;
  void call_up_one_spare() noexcept;
  void wake_dormant(idle_seat seat) noexcept;
  bool must_stay_awake(idle_seat seat) const noexcept;
  task_balance balance() const noexcept;
  bool wait_until_idle(std::optional<steady_time> deadline) noexcept;
  void stop_and_join() noexcept;

  // As pool_core::enqueue_in().
  void submit(task_node* const* tasks, unsigned count) {
    submission_slot& slot = slots_.lease();
    slot.ledger.count_spawned(count);
    injection_.enqueue(slot.producer, tasks, count);
    full_fence();  // [I8]
    idle_.work_arrived(0, count);
    slot.mark.release();
  }
  void submit(task_node& task) {
    task_node* const one = &task;
    submit(&one, 1);
  }

  // As pool_core::cancel_one_queued() with end_outside().
  void run_one_outside() {
    task_node* task = nullptr;
    if (injection_.dequeue(&task, 1) == 0) return;
    task->runs = task->runs + 1;
    task->run_outside();
    submission_slot& slot = slots_.lease();
    slot.ledger.count_finished();
    full_fence();
    out_of_work();
    RL_ASSERT(exists_ == 1);
    slot.mark.release();
  }

  // As pool_core::end_workers() when idle: from here on nobody from outside may be inside.
  void leave_to_nobody() {
    slots_.wait_until_all_free();
    exists_ = 0;
  }

  /// After stop_and_join(), when every worker has left: no bit is set, and nobody is counted but spares that a blocking
  /// worker had woken and that met the stop on their way.
  bool is_empty() {
    std::uint64_t searchers = 0;
    for (unsigned group = 0; group != group_count(); ++group) {
      if (words_[group].parked() != 0) return false;
      searchers += words_[group].searchers();
    }
    return searchers <= spare_count_;
  }

  /// A count that went below zero shows as a very large one.
  bool counts_are_sane() {
    for (unsigned group = 0; group != group_count(); ++group)
      if (words_[group].searchers() > group_size(group)) return false;
    return true;
  }

 private:
  const unsigned worker_count_;
  const unsigned spare_count_;
  const unsigned spin_;
  group_plan groups_;
  idle_word<relacy_atomics> words_[2];
  park_token<relacy_atomics> tokens_[4];
  worker* workers_[4] = {};
  idle_protocol<pool_core, relacy_atomics> idle_{*this};
  injection_queue injection_;
  submission_slots slots_;
  model::atomic<bool> stopping_{false};
  spare_word<relacy_atomics> spares_;
  model::atomic<std::uint32_t> idle_waiters_{0};
  model::atomic<std::uint32_t> idle_epoch_{0};
  model::plain<int> exists_{1};
};

class worker {
 public:
  worker(pool_core& pool, unsigned index, idle_seat seat) : pool_(pool), index_(index), seat_(seat) {}

  pool_core& pool() const noexcept { return pool_; }
  deque_thief<task_node, relacy_atomics>& thief() noexcept { return thief_; }
  const task_ledger<relacy_atomics>& ledger() const noexcept { return ledger_; }
  bool is_spare() const noexcept { return index_ >= pool_.worker_count(); }
  static bool wants_trim() noexcept { return false; }

  // A worker's thread is there from the beginning; that of a spare waits until it is started. `started_` is written by the
  // holder of the spare's bit.
  [[nodiscard]] bool is_started() const noexcept { return started_ != 0; }
  void start() noexcept { begin(birth::busy); }
  void join() noexcept {
    if (is_spare() && !is_started()) begin(birth::never);
  }

  // As worker::main().
  void main() {
    while (is_spare() && birth_.load(std::memory_order_acquire) == birth::unborn)
      relacy_atomics::wait(birth_, birth::unborn);
    if (birth_.load(std::memory_order_acquire) == birth::never) return;
    while (task_node* const task = next_task()) {
      task->runs = task->runs + 1;
      task->run(*this);
      ledger_.count_finished();
    }
  }

  // As enqueue.cpp, tombstones and a lack of memory left out.
  void submit(task_node* const* tasks, std::size_t count) {
    ledger_.count_spawned(count);
    if (count <= deque_.capacity() / 2) {
      while (!deque_.push(tasks, count)) spill();
    } else {
      pool_.injection().enqueue(producer_, tasks, count);
      full_fence();  // [I8]
    }
    pool_.idle().work_arrived(seat_.group, static_cast<unsigned>(count));
  }
  void submit(task_node& task) {
    task_node* const one = &task;
    submit(&one, 1);
  }

 private:
  enum class standing { busy, searching, ended };
  enum birth : std::uint32_t { unborn, busy, never };

  void begin(birth how) noexcept {
    started_ = 1;
    birth_.store(how, std::memory_order_release);
    relacy_atomics::wake(birth_);
  }

  static constexpr std::size_t ring_capacity = 2;

  struct uncounted {
    static void add(unsigned) noexcept {}
  };
  struct worker_counters {
    uncounted parks, wakes;
  };
  struct slab {
    void trim() const noexcept {}
  };

  static void full_fence(std::source_location where = std::source_location::current()) noexcept {
    relacy_atomics::full_fence(where);
  }

  void spill() {
    task_node* batch[ring_capacity];
    const std::size_t taken = deque_.spill(batch, deque_.capacity() / 2);
    if (taken == 0) return;
    pool_.injection().enqueue(producer_, batch, taken);
    full_fence();  // [I8]
  }

  bool give_away_deque() noexcept {
    while (thief_.has_work()) spill();
    return true;
  }

  // As find_task.cpp.
  task_node* find_own() noexcept {
    if (task_node* const task = deque_.pop(); task != nullptr) return task;
    task_node* batch[2];
    const std::size_t taken = pool_.injection().dequeue(batch, std::min<std::size_t>(2, 1 + deque_.room()));
    if (taken == 0) return nullptr;
    if (taken == 2) {
      RL_ASSERT(deque_.push(batch[1]));
      pool_.idle().work_arrived(seat_.group);
    }
    return batch[0];
  }
  task_node* find_task() noexcept {
    if (task_node* const task = find_own(); task != nullptr) return task;
    for (unsigned i = 0; i != pool_.workers_in_use(); ++i) {
      worker& victim = *pool_.worker_at(i);
      if (&victim == this) continue;
      for (;;) {
        if (!victim.thief().has_work()) break;
        const steal_result<task_node> taken = victim.thief().steal();
        if (taken.outcome == steal_outcome::success) return taken.item;
        if (taken.outcome == steal_outcome::empty) break;
      }
    }
    return nullptr;
  }
  task_node* search_for_a_while() noexcept {
    for (unsigned look = 0; look != pool_.spin(); ++look) {
      if (task_node* const task = find_task(); task != nullptr) return task;
      if (pool_.stopping()) return nullptr;
      if (look == 0 && pool_.spin() != 1) {
        full_fence();
        pool_.out_of_work();
      }
      relacy_atomics::pause();
    }
    return nullptr;
  }

  // The shipped steps.
  task_node* next_task() noexcept;
  task_node* find_own_or_search() noexcept;
  task_node* search() noexcept;
  task_node* search_from(standing now) noexcept;
  task_node* first_task_of_spare() noexcept;
  task_node* stand_down() noexcept;
  standing rest(standing now) noexcept;
  standing park(standing now) noexcept;
  standing retire() noexcept;
  standing sleep_dormant() noexcept;
  task_node* leave_for_good() noexcept;
  bool is_one_too_many() const noexcept;

  pool_core& pool_;
  const unsigned index_;
  const idle_seat seat_;
  deque_ring<task_node, relacy_atomics>::slot slots_[ring_capacity];
  deque_ring<task_node, relacy_atomics> ring_{slots_, ring_capacity};
  deque_owner<task_node, relacy_atomics> deque_{ring_};
  deque_thief<task_node, relacy_atomics> thief_{ring_};
  injection_queue::producer producer_;
  task_ledger<relacy_atomics> ledger_;
  worker_counters counters_;
  slab memory_;
  slab* slab_ = &memory_;
  model::plain<int> started_{0};
  model::atomic<std::uint32_t> birth_{birth::unborn};
};

inline pool_core::pool_core(shape of)
    : worker_count_(of.workers), spare_count_(of.spares), spin_(of.spin), spares_(of.workers, of.spares) {
  groups_.count = of.groups;
  for (unsigned i = 0; i != workers_in_use(); ++i) {
    group_plan::group& into = groups_.groups[i % of.groups];
    groups_.seats[i] = {i % of.groups, into.size};
    if (i >= of.workers) into.spares |= std::uint64_t{1} << into.size;
    into.members[into.size++] = i;
    workers_[i] = new worker(*this, i, groups_.seats[i]);
  }
}

inline pool_core::~pool_core() {
  for (worker* const each : workers_) delete each;
}

}  // namespace filch::inline v0_1::detail

namespace filch::inline v0_1::detail {
#include "shipped_runtime.inc"
}

namespace filch::model {

using detail::pool_core;
using detail::task_node;
using detail::worker;

/// A word that threads wait for to reach a number.
class milestone {
 public:
  void reach_one_more() {
    (void)count_.fetch_add(1, std::memory_order_acq_rel);
    relacy_atomics::wake_all(count_);
  }
  void wait_for(std::uint32_t wanted) {
    for (;;) {
      const std::uint32_t seen = count_.load(std::memory_order_acquire);
      if (seen >= wanted) return;
      relacy_atomics::wait(count_, seen);
    }
  }

 private:
  atomic<std::uint32_t> count_{0};
};

/// Workers are the first threads; the others drive(). The last of those to end stops the pool.
template <class Derived, unsigned Workers, unsigned Spares = 0, unsigned Groups = 1, unsigned Drivers = 1>
struct pool_scenario : scenario<Derived, static_cast<int>(Workers + Spares + Drivers)> {
  pool_core pool{{.workers = Workers, .spares = Spares, .groups = Groups}};
  atomic<unsigned> drivers{Drivers};

  void thread(unsigned index) {
    if (index < Workers + Spares) return pool.worker_at(index)->main();
    static_cast<Derived*>(this)->drive(index - Workers - Spares);
    if (drivers.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    (void)pool.wait_until_idle(std::nullopt);
    static_cast<Derived*>(this)->check_idle();
    pool.stop_and_join();
  }

  void check_idle() {}
  void invariant() { RL_ASSERT(pool.counts_are_sane()); }
  void after() { RL_ASSERT(pool.is_empty()); }
};

/// Two tasks that wait for each other: one worker alone does not get them done.
struct rendezvous {
  struct guest final : task_node {
    rendezvous* at = nullptr;
    void run(worker&) override {
      at->arrived.reach_one_more();
      at->arrived.wait_for(2);
    }
  };

  milestone arrived;
  guest guests[2];

  rendezvous() { guests[0].at = guests[1].at = this; }
  /// Before the next pair comes: when both have met, or when all is quiet.
  void leave(pool_core& pool) {
    if (rl::rand(2) == 0)
      (void)pool.wait_until_idle(std::nullopt);
    else
      arrived.wait_for(2);
  }
  void check() {
    for (guest& each : guests) RL_ASSERT(each.runs == 1);
  }
};

}  // namespace filch::model
