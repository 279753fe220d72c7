// What a pool is made of. The steps that its members take are told in src/runtime/README.md; each has a file:
//   pool_core.cpp   making and ending the workers
//   allocate.cpp    the memory of a task
//   enqueue.cpp     submitting, from outside and from a worker
//   lanes.cpp       the same with a priority
//   reserve.cpp     the same in two steps, for what has to wait for its time
//   idle_host.cpp   what the idle protocol asks for
//   quiescence.cpp  wait_idle, and what tells it
//   run_task.cpp    the exception of a task that nobody waits for
//   tombstones.cpp  what is left in the queues at the end
//   block.cpp       spares
//   resize.cpp      more workers, or fewer
//   outside.cpp     tasks that end outside of a worker's loop: run by a helper, or cancelled
//   shutdown.cpp    closing, draining, cancelling
//   service.cpp     what stands above and ends with the pool
//   snapshot.cpp    metrics and describe
//   load.cpp        how busy it is, for who decides about its size
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/park/idle.hpp>
#include <filch/detail/park/spare_word.hpp>
#include <filch/detail/park/work_watch.hpp>
#include <filch/detail/runtime/closing.hpp>
#include <filch/detail/runtime/quiescence.hpp>
#include <filch/detail/task/exception_tally.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/probe/metrics.hpp>
#include <filch/runtime/scheduler_options.hpp>
#include <filch/runtime/shutdown_counts.hpp>
#include <filch/topology/placement.hpp>

#include "memory/trim_bell.hpp"
#include "park/futex.hpp"
#include "park/parking_atomics.hpp"
#include "queue/injection_queue.hpp"
#include "runtime/groups.hpp"
#include "runtime/lanes.hpp"
#include "runtime/load.hpp"
#include "runtime/pool_service.hpp"
#include "runtime/settings.hpp"
#include "runtime/start_gate.hpp"
#include "runtime/submission_slots.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1 {
class scheduler;
}

namespace filch::inline v0_1::detail {

/// A wake-up claims at most as many workers as one idle word holds; the chain brings the rest.
[[nodiscard]] inline unsigned wakes_for(std::size_t tasks) noexcept {
  return static_cast<unsigned>(std::min<std::size_t>(tasks, idle_word<>::capacity));
}

class pool_core final : public task_pool {
 public:
  /// Starts the workers. Throws as scheduler's constructor.
  explicit pool_core(settings&& decided);
  /// Drains and joins.
  ~pool_core();
  pool_core(const pool_core&) = delete;
  pool_core& operator=(const pool_core&) = delete;

  // --- task_pool, for tasks and futures ---
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment) override;
  void enqueue(task_node* const* tasks, std::size_t count) override;
  void enqueue_with(priority rank, task_node* const* tasks, std::size_t count) override;
  void reserve(priority rank) override;
  void enqueue_reserved(priority rank, task_node& reserved) override;
  task_node& make_and_enqueue(std::size_t bytes, std::size_t alignment, make_function make, void* context) override;
  void count_dropped_exception() noexcept override { exceptions().count_dropped(); }
  void run_claimed_outside(task_node& claimed) noexcept override;
  void run_dequeued_outside(task_node& claimed) noexcept override;
  void cancel_claimed(task_node& claimed, std::exception_ptr reason) noexcept override;

  // --- for the scheduler ---
  void wait_idle();
  enum class shutdown_mode { drain, drain_until, cancel };
  shutdown_counts shutdown(shutdown_mode mode, steady_time deadline);
  [[nodiscard]] pool_metrics metrics() const;
  [[nodiscard]] std::string describe() const;
  /// Throws closed, forked, std::system_error, std::bad_alloc; nothing has changed then. 1 to most_workers().
  void resize(unsigned workers);
  /// How many workers there are to be now.
  [[nodiscard]] unsigned worker_count() const noexcept { return spares_.target(); }
  [[nodiscard]] unsigned most_workers() const noexcept { return settings_.most_workers(); }
  [[nodiscard]] unsigned spare_count() const noexcept { return spare_count_; }
  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }
  [[nodiscard]] bool is_this_process() const noexcept { return generation_ == process_generation(); }

  // --- for what stands above the runtime ---
  /// Whether the calling thread is one of the pool's, its hooks included, or runs one of its tasks.
  [[nodiscard]] bool is_called_from_inside() const noexcept;
  /// The pool's service, made by `make(*this)` if there is none yet. Throws what that throws.
  using service_maker = std::unique_ptr<pool_service> (*)(pool_core& pool);
  pool_service& service(service_maker make);
  /// Counts what the service ends itself: as reserve(), also when the pool is closed. By who holds something that the pool
  /// waits for, or a lock that the service takes to drain. Then once count_cancelled().
  void reserve_regardless() noexcept;
  void count_cancelled() noexcept;
  /// How busy the pool is.
  [[nodiscard]] pool_load load() const noexcept;
  /// Whether all workers sleep. Then the service is told when one wakes, once.
  [[nodiscard]] bool watch_for_work() noexcept;
  /// Where a thread of the service may run: where spares do.
  void bind_service_thread() const noexcept;
  /// What becomes of a task that the pool cancels: task_cancelled, with a sentence.
  [[nodiscard]] std::exception_ptr cancelled_because_stopped() const noexcept;

  // --- for the workers ---
  [[nodiscard]] const settings& decided() const noexcept { return settings_; }
  [[nodiscard]] injection_queue<task_node>& injection() noexcept { return injection_; }
  [[nodiscard]] task_lane& lane(priority rank) noexcept { return lanes_[lane_of(rank)]; }
  [[nodiscard]] idle_protocol<pool_core, parking_atomics>& idle() noexcept { return idle_; }
  [[nodiscard]] spare_word<>& spares() noexcept { return spares_; }
  [[nodiscard]] start_gate& gate() noexcept { return gate_; }
  [[nodiscard]] const std::stop_token& stop_token() const noexcept { return stop_token_; }
  // [C1] acquire load, pairs with [C2] in cancel_queued(): who cancels sees all that the caller of shutdown_now() did before.
  [[nodiscard]] bool cancelling() const noexcept { return cancelling_.load(std::memory_order_acquire); }

  /// The worker at an index, or nullptr for one that was never needed.
  [[nodiscard]] worker* worker_at(unsigned index) const noexcept {
    // [B2] acquire load, here and below, pairs with [B1]: who sees the pointer sees the worker.
    return workers_[index].load(std::memory_order_acquire);
  }
  /// One past the highest index that was ever in use.
  [[nodiscard]] unsigned workers_in_use() const noexcept { return workers_in_use_.load(std::memory_order_acquire); }

  /// Puts a spare in the place of a worker that is about to wait. Throws too_many_blocked; nothing has changed then.
  void replace_blocked_worker();
  void blocked_worker_returns() noexcept;
  void take_back_return() noexcept;

  /// Whether a worker of this index, or of a higher one, is one too many; may be old.
  [[nodiscard]] bool is_one_too_many(unsigned index) const noexcept { return spares_.excess_for(index); }
  /// By a worker that has nothing of its own: to go dormant.
  [[nodiscard]] retire_outcome try_retire(worker& asks) noexcept;
  /// By a worker that has woken.
  void tell_who_watches() noexcept;

  /// Whether nothing goes on: no task is queued or runs, no worker searches, and each is parked or dormant. For tests.
  [[nodiscard]] bool is_at_rest() noexcept;

  /// Notes the time on those of the tasks whose latency is measured, before they are queued.
  void stamp(latency_sampler& sampler, task_node* const* tasks, std::size_t count) const noexcept;
  /// Where the exceptions are counted that nobody takes.
  [[nodiscard]] exception_tally& exceptions() const noexcept { return *exceptions_; }

  /// Ends a claimed task without a call, because the pool has been told to stop.
  void cancel_because_stopped(task_node& claimed) noexcept;
  void handle_unhandled(std::exception_ptr thrown) noexcept;
  [[nodiscard]] bool is_closed() const noexcept { return closed_.is_closed(); }
  /// Throws closed.
  [[noreturn]] void refuse() const;
  [[noreturn]] void refuse_to_resize() const;
  /// Has the slabs trimmed whose owners will not do it soon: those of the slots, and of workers that sleep. For workers; for
  /// others through the bell.
  void trim_memory() noexcept;
  [[nodiscard]] trim_bell& bell() const noexcept { return *bell_; }

  // --- the host of the idle protocol ---
  [[nodiscard]] bool work_visible() noexcept;
  void out_of_work() noexcept;
  // [I9] seq_cst load, pairs with the store before idle_.stop() and its fence [I7]: a sleeper whose look at this, after the
  // fence [I2], misses the flag finds the token that stop() sets.
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_seq_cst); }
  [[nodiscard]] bool must_stay_awake(idle_seat seat) const noexcept;
  [[nodiscard]] unsigned search_limit(unsigned group) const noexcept {
    return search_limits_[group].load(std::memory_order_relaxed);
  }
  [[nodiscard]] unsigned group_count() const noexcept { return static_cast<unsigned>(groups_.groups.size()); }
  [[nodiscard]] idle_word<>& word(unsigned group) noexcept { return words_[group]; }
  [[nodiscard]] unsigned group_size(unsigned group) const noexcept { return groups_.groups[group].size; }
  [[nodiscard]] unsigned nth_group(unsigned home, unsigned n) const noexcept { return groups_.groups[home].nearest[n]; }
  [[nodiscard]] park_token<parking_atomics>& token(unsigned group, unsigned bit) noexcept {
    return tokens_[groups_.groups[group].members[bit]];
  }

 private:
  /// The calling thread's worker, if it is one of this pool's and runs tasks.
  [[nodiscard]] worker* own_worker() const noexcept;

  void start_workers();
  worker& make_worker(unsigned index);
  void stop_and_join() noexcept;
  void discard_tombstones() noexcept;

  void* allocate_in(const slot_lease& slot, std::size_t bytes, std::size_t alignment);
  void require_open() const;
  void enqueue_in(const slot_lease& slot, task_node* const* tasks, std::size_t count);
  void start_spare(unsigned spare);
  void wake_spare(unsigned spare);
  worker& started_worker(unsigned index);
  void wake_dormant(unsigned index) noexcept;
  void call_up_one_too_many() noexcept;
  [[nodiscard]] retire_outcome try_leave(unsigned index) noexcept;

  void raise_to(unsigned workers);
  [[nodiscard]] std::uint64_t count_in(unsigned workers, std::vector<unsigned>& called);
  [[nodiscard]] raise_result try_to_count_in(unsigned workers, unsigned spares, std::vector<unsigned>& called) noexcept;
  void count_dormant(int more) noexcept;
  void lower_to(unsigned workers) noexcept;
  void limit_searches(unsigned workers) noexcept;
  void trim_if_dormant(worker& each) noexcept;

  [[nodiscard]] pool_service* service_if_any() noexcept;
  void close() noexcept;
  [[nodiscard]] task_balance balance() const noexcept;
  [[nodiscard]] unsigned parked() const noexcept;
  void tell_service() noexcept;
  bool wait_until_idle(std::optional<steady_time> deadline) noexcept;
  void cancel_queued() noexcept;
  enum class cancel_step { cancelled, again, nothing_queued };
  cancel_step cancel_one_queued() noexcept;
  [[nodiscard]] run_outcome run_outside(task_node& claimed) noexcept;
  void count_run(run_outcome outcome) noexcept;
  void cancel_unknown(task_node& task) noexcept;
  void count_ended(std::initializer_list<counter worker_counters::*> which) noexcept;
  void end_workers() noexcept;
  void stop_service() noexcept;
  shutdown_counts counts() const noexcept;

  template <class Visit>
  void for_each_worker(Visit&& visit) const {
    for (unsigned i = 0; i != workers_in_use(); ++i)
      if (worker* const each = worker_at(i); each != nullptr) visit(*each);
  }

  struct tally_deleter {
    void operator()(exception_tally* share) const noexcept { share->drop_holder(); }
  };

  struct bell_deleter {
    void operator()(trim_bell* share) const noexcept {
      share->silence();
      share->drop_holder();
    }
  };

  const settings settings_;
  const unsigned spare_count_;
  const std::uint32_t generation_ = process_generation();
  const std::unique_ptr<exception_tally, tally_deleter> exceptions_{exception_tally::create()};
  const std::unique_ptr<trim_bell, bell_deleter> bell_{
      trim_bell::create([](void* pool) noexcept { static_cast<pool_core*>(pool)->trim_memory(); }, this)};
  const group_plan groups_;
  std::unique_ptr<idle_word<>[]> words_;
  std::unique_ptr<standard_atomics::atomic<unsigned>[]> search_limits_;  // by group; written under resizing_
  std::unique_ptr<park_token<parking_atomics>[]> tokens_;  // by worker index
  std::unique_ptr<standard_atomics::atomic<worker*>[]> workers_;  // by worker index; owned
  start_gate gate_;
  idle_protocol<pool_core, parking_atomics> idle_{*this};
  injection_queue<task_node> injection_;
  std::array<task_lane, lane_count> lanes_;
  submission_slots slots_;
  std::stop_source stop_source_;
  const std::stop_token stop_token_ = stop_source_.get_token();
  std::mutex making_service_;
  std::unique_ptr<pool_service> service_;  // written under it
  standard_atomics::atomic<pool_service*> found_service_{nullptr};
  std::mutex resizing_;  // held by who makes the pool larger or smaller, or stops it; threads are made meanwhile
  std::mutex marking_;  // for a moment
  std::unique_ptr<standard_atomics::atomic<bool>[]> dormant_;  // by index of a worker that is no spare; written under it
  standard_atomics::atomic<unsigned> dormant_workers_;  // how many of these; written under it
  std::mutex ending_;  // held by who ends and joins the workers, while these run their stop hooks
  standard_atomics::atomic<bool> ended_{false};  // written under it

  alignas(cache_line) standard_atomics::atomic<unsigned> workers_in_use_{0};
  standard_atomics::atomic<bool> stopping_{false};
  standard_atomics::atomic<bool> cancelling_{false};
  closing_flag<> closed_;
  alignas(cache_line) spare_word<> spares_;
  work_watch<> watch_;
  alignas(cache_line) standard_atomics::atomic<std::uint32_t> idle_waiters_{0};
  standard_atomics::atomic<std::uint32_t> idle_epoch_{0};  // futex word of wait_idle
};

/// The way from a scheduler to its core, for what stands beside or above the public face.
struct scheduler_access {
  static pool_core& core(const scheduler& pool) noexcept;
};

}  // namespace filch::inline v0_1::detail
