// What a pool of the models has, as the shipped steps ask for it.
#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model_slots.hpp"

#include <filch/detail/park/idle.hpp>
#include <filch/detail/park/spare_word.hpp>
#include <filch/detail/park/work_watch.hpp>
#include <filch/detail/queue/injection_lane.hpp>
#include <filch/task/errors.hpp>

namespace filch::inline v0_1::detail {

using steady_time = std::chrono::steady_clock::time_point;

class worker;

struct group_plan {
  struct group {
    unsigned size = 0;
    unsigned members[4] = {};  // worker indices by bit, ascending

    std::uint64_t bits_from(unsigned workers) const noexcept {
      const auto below = std::lower_bound(members, members + size, workers) - members;
      return (std::uint64_t{1} << size) - (std::uint64_t{1} << below);
    }
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
  bool lanes = false;  // whether tasks have priorities
  unsigned later = 0;  // workers that resize() may bring
};

/// The timers have a model of their own: this one counts how often it is told of work.
struct pool_service {
  void drain() noexcept {}
  void stop() noexcept {}
  void work_has_come() noexcept {
    (void)told.fetch_add(1, std::memory_order_acq_rel);
    relacy_atomics::wake_all(told);
  }
  model::atomic<std::uint32_t> told{0};
};

class pool_core {
 public:
  explicit pool_core(shape of);
  ~pool_core();

  // What the shipped steps ask for.
  submission_slots& slots() noexcept { return slots_; }
  idle_protocol<pool_core, relacy_atomics>& idle() noexcept { return idle_; }
  spare_word<relacy_atomics>& spares() noexcept { return spares_; }
  injection_queue& injection() noexcept { return injection_; }
  injection_lane<injection_queue, relacy_atomics>& lane(unsigned which) noexcept { return lanes_[which]; }
  bool has_lanes() const noexcept { return has_lanes_; }
  worker* worker_at(unsigned index) const noexcept { return workers_[index]; }
  unsigned workers_in_use() const noexcept { return most_workers_ + spare_count_; }
  unsigned worker_count() const noexcept { return spares_.target(); }
  unsigned most_workers() const noexcept { return most_workers_; }
  unsigned first_workers() const noexcept { return first_workers_; }
  unsigned dormant_workers() const noexcept { return dormant_workers_.load(std::memory_order_relaxed); }
  bool is_one_too_many(unsigned index) const noexcept { return spares_.excess_for(index); }
  unsigned spin() const noexcept { return spin_; }
  bool stopping() const noexcept { return stopping_.load(std::memory_order_seq_cst); }
  unsigned group_count() const noexcept { return groups_.count; }
  idle_word<relacy_atomics>& word(unsigned group) noexcept { return words_[group]; }
  unsigned search_limit(unsigned) const noexcept { return first_workers_ > 3 ? first_workers_ / 2 : 1; }
  unsigned group_size(unsigned group) const noexcept { return groups_.groups[group].size; }
  unsigned nth_group(unsigned home, unsigned n) const noexcept { return (home + n) % groups_.count; }
  park_token<relacy_atomics>& token(unsigned group, unsigned bit) noexcept {
    return tokens_[groups_.groups[group].members[bit]];
  }
  pool_service* service_if_any() noexcept { return nullptr; }
  pool_service& service() noexcept { return service_; }
  trim_bell& bell() noexcept { return *bell_; }
  worker& make_worker(unsigned index) const noexcept { return *workers_[index]; }
  template <class Visit>
  void for_each_worker(Visit&& visit) const {
    for (unsigned i = 0; i != workers_in_use(); ++i) visit(*workers_[i]);
  }
  struct standard_atomics {
    static void full_fence(std::source_location where = std::source_location::current()) noexcept {
      relacy_atomics::full_fence(where);
    }
  };
  static void futex_wait(const model::atomic<std::uint32_t>& word, std::uint32_t expected, std::optional<steady_time>) {
    relacy_atomics::wait(word, expected);
  }
  static void futex_wake_all(const model::atomic<std::uint32_t>* word,
                             std::source_location where = std::source_location::current()) {
    relacy_atomics::wake_all(*word, where);
  }

  // The shipped steps.
  bool work_visible() noexcept;
  void out_of_work() noexcept;
  void replace_blocked_worker();
  void start_spare(unsigned spare);
  void wake_spare(unsigned spare);
  worker& started_worker(unsigned index);
  void blocked_worker_returns() noexcept;
  void take_back_return() noexcept;
  unsigned parked() const noexcept;
  bool watch_for_work() noexcept;
  void tell_who_watches() noexcept;
  void tell_service() noexcept;
  void call_up_one_too_many() noexcept;
  void wake_dormant(unsigned index) noexcept;
  void resize(unsigned workers);
  void raise_to(unsigned workers);
  std::uint64_t count_in(unsigned workers, std::vector<unsigned>& called);
  raise_result try_to_count_in(unsigned workers, unsigned spares, std::vector<unsigned>& called) noexcept;
  void count_dormant(int more) noexcept;
  void lower_to(unsigned workers) noexcept;
  retire_outcome try_retire(worker& asks) noexcept;
  retire_outcome try_leave(unsigned index) noexcept;
  void trim_if_dormant(worker& each) noexcept;
  bool must_stay_awake(idle_seat seat) const noexcept;
  task_balance balance() const noexcept;
  bool wait_until_idle(std::optional<steady_time> deadline) noexcept;
  void stop_and_join() noexcept;
  void close() noexcept;
  void end_workers() noexcept;
  void stop_service() noexcept;
  void trim_memory() noexcept;

  // As pool_core::enqueue_in().
  void submit(task_node* const* tasks, unsigned count) {
    submission_slot& slot = slots_.lease();
    enqueue_in(slot, tasks, count);
    slot.leave();
  }
  void enqueue_in(submission_slot& slot, task_node* const* tasks, unsigned count) {
    slot.ledger.count_spawned(count);
    injection_.enqueue(slot.producer, tasks, count);
    standard_atomics::full_fence();  // [I8]
    idle_.work_arrived(0, count);
  }
  void submit(task_node& task) {
    task_node* const one = &task;
    submit(&one, 1);
  }

  // As pool_core::enqueue_with().
  void submit_in_lane(unsigned which, task_node& task) {
    task_node* const one = &task;
    submission_slot& slot = slots_.lease();
    slot.ledger.count_spawned(1);
    (void)lane(which).enqueue(slot.by_lane[which], &one, 1);
    standard_atomics::full_fence();  // [I8]
    idle_.work_arrived(0, 1);
    slot.leave();
  }

  // As pool_core::enqueue() of a thread outside.
  [[nodiscard]] bool submit_unless_closed(task_node& task) {
    task_node* const one = &task;
    submission_slot& slot = slots_.lease();
    const bool open = !closed_.is_closed();
    if (open) {
      enqueue_in(slot, &one, 1);
      RL_ASSERT(exists_ == 1);
    }
    slot.leave();
    return open;
  }

  // As pool_core::shutdown().
  void shutdown() {
    close();
    (void)wait_until_idle(std::nullopt);
    end_workers();
  }
  /// As the destructor of a pool, up to where its workers go.
  void begin_to_go() {
    bell_->silence();
    shutdown();
  }
  void shutdown_now() {
    close();
    while (run_one_outside()) relacy_atomics::pause();
    (void)wait_until_idle(std::nullopt);
    end_workers();
  }

  // As pool_core::cancel_one_queued() with end_outside(). Whether there may be more.
  bool run_one_outside() {
    bool maybe_more = injection_.maybe_not_empty();
    task_node* task = nullptr;
    (void)injection_.dequeue(&task, 1);
    maybe_more = steal_outside(task) || maybe_more;
    if (task == nullptr) return maybe_more;
    task->runs = task->runs + 1;
    task->run_outside();
    submission_slot& slot = slots_.lease();
    slot.ledger.count_finished();
    standard_atomics::full_fence();
    out_of_work();
    RL_ASSERT(exists_ == 1);
    slot.leave();
    return true;
  }

  // As pool_core::end_workers() when idle: from here on nobody from outside may be inside.
  void leave_to_nobody() {
    slots_.wait_until_all_free();
    forget();
  }
  void forget() { exists_ = 0; }

  /// After stop_and_join(), when every worker has left: no bit is set, and nobody is counted.
  bool is_empty() {
    for (unsigned group = 0; group != group_count(); ++group)
      if (words_[group].parked() != 0 || words_[group].searchers() != 0) return false;
    return true;
  }

  /// A count that went below zero shows as a very large one.
  bool counts_are_sane() {
    for (unsigned group = 0; group != group_count(); ++group)
      if (words_[group].searchers() > group_size(group)) return false;
    return true;
  }

 private:
  struct bell_deleter {
    void operator()(trim_bell* share) const noexcept {
      share->silence();
      share->drop_holder();
    }
  };

  static void require_same_process(int) noexcept {}
  [[noreturn]] static void refuse_to_resize() { throw closed(""); }
  static void limit_searches(unsigned) noexcept {}

  const unsigned first_workers_;
  const unsigned most_workers_;
  const unsigned spare_count_;
  static constexpr int generation_ = 0;
  const unsigned spin_;
  const bool has_lanes_;
  group_plan groups_;
  idle_word<relacy_atomics> words_[2];
  park_token<relacy_atomics> tokens_[4];
  worker* workers_[4] = {};
  idle_protocol<pool_core, relacy_atomics> idle_{*this};
  const std::unique_ptr<trim_bell, bell_deleter> bell_{
      trim_bell::create([](void* pool) noexcept { static_cast<pool_core*>(pool)->trim_memory(); }, this)};
  injection_queue injection_;
  injection_lane<injection_queue, relacy_atomics> lanes_[2];
  submission_slots slots_;
  bool steal_outside(task_node*& task);

  model::mutex resizing_;
  model::mutex marking_;
  model::atomic<bool> dormant_[4];
  model::atomic<unsigned> dormant_workers_;
  model::mutex ending_;
  closing_flag<relacy_atomics> closed_;
  model::atomic<bool> ended_{false};
  model::atomic<bool> stopping_{false};
  spare_word<relacy_atomics> spares_;
  work_watch<relacy_atomics> watch_;
  pool_service service_;
  model::atomic<pool_service*> found_service_{&service_};
  model::atomic<std::uint32_t> idle_waiters_{0};
  model::atomic<std::uint32_t> idle_epoch_{0};
  model::plain<int> exists_{1};
};

}  // namespace filch::inline v0_1::detail
