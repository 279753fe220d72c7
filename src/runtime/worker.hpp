// One worker: its deque, its memory, its counters, and the steps of its life. Each step has a file of its own:
//   worker.cpp      from the thread's start to its end
//   find_task.cpp   which task is next
//   search.cpp      looking for work, parking, retiring
//   run_task.cpp    running one task
//   block.cpp       waiting inside a task
//   fork.cpp        branches of joins: stolen ones, and waiting for them
//   children.cpp    waiting for the tasks of a group
//   allocate.cpp    the memory of a task
//   enqueue.cpp     submitting from a task
//   lanes.cpp       the same with a priority
//   reserve.cpp     the same in two steps
//   tombstones.cpp  entries of tasks that get() ran in place or that were cancelled
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/checked_build.hpp>
#include <filch/detail/park/idle.hpp>
#include <filch/detail/runtime/child_count.hpp>
#include <filch/detail/runtime/fork_context.hpp>
#include <filch/detail/runtime/group_child.hpp>
#include <filch/detail/runtime/quiescence.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/runtime/scheduler_options.hpp>
#include <filch/topology/binding.hpp>

#include "memory/slab.hpp"
#include "probe/counters.hpp"
#include "probe/sampler.hpp"
#include "queue/injection_queue.hpp"
#include "runtime/lanes.hpp"
#include "runtime/thread.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

class pool_core;

class worker final : public worker_role, public fork_context {
 public:
  /// What a worker takes from the injection queue at most.
  static constexpr std::size_t largest_batch = 32;

  /// Throws std::bad_alloc.
  worker(pool_core& pool, unsigned index, idle_seat seat);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // --- from the pool, any thread ---

  /// Starts the thread, which begins busy if it is one of the first, else dormant. Throws std::system_error.
  void start();
  [[nodiscard]] bool is_started() const noexcept { return started_; }
  /// Waits for the end of the thread, if there is one.
  void join() noexcept;

  [[nodiscard]] unsigned index() const noexcept { return index_; }
  [[nodiscard]] pool_core& pool() const noexcept { return pool_; }
  [[nodiscard]] deque_thief<task_node>& thief() noexcept { return thief_; }
  [[nodiscard]] const task_ledger<>& ledger() const noexcept { return ledger_; }
  [[nodiscard]] const worker_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] const latency_recorder& latencies() const noexcept { return latencies_; }
  /// Whether its thread has been bound.
  [[nodiscard]] bool is_in_place() const noexcept {
    return in_place_.load(std::memory_order_acquire);  // [B3] pairs with [B4]: who sees it sees the binding
  }
  /// Needs is_in_place().
  [[nodiscard]] const bind_result& binding() const noexcept { return binding_; }
  [[nodiscard]] bool is_spare() const noexcept;
  /// Whether it was there when the pool was made: then the constructor waits for it. Others begin dormant.
  [[nodiscard]] bool is_of_the_first() const noexcept;
  [[nodiscard]] idle_seat seat() const noexcept { return seat_; }
  /// Bytes that its slab holds; may be old.
  [[nodiscard]] std::size_t memory_held() const noexcept { return slab_->bytes_held(); }
  /// Whether its slab has much to give back; may be old.
  [[nodiscard]] bool wants_trim() const noexcept { return slab_->wants_trim(); }
  /// For who knows that its thread has ended or is dormant.
  void trim() noexcept { slab_->trim(); }

  // --- on the worker's own thread ---

  /// Between its hooks. Before and after, in the hooks and in destructors of thread-local objects, its thread submits like
  /// any other: a task that a hook queues past the closing would be lost.
  [[nodiscard]] bool runs_tasks() const noexcept { return runs_tasks_; }
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment);
  void enqueue(task_node* const* tasks, std::size_t count);
  void enqueue_with(priority rank, task_node* const* tasks, std::size_t count);
  void reserve() noexcept;

  [[nodiscard]] bool try_run_in_place(task_node& task) noexcept override;
  void begin_blocked_wait() override;
  void end_blocked_wait() noexcept override;
  void take_back_end_of_blocked_wait() noexcept override;

 private:
  using injection = injection_queue<task_node>;

  /// The deque's lower end, the slab and the ledger have one user: the worker's own thread.
  void confirm_own_thread() const noexcept;

  static void thread_main(void* self) noexcept;
  void main() noexcept;
  bool take_place() noexcept;
  void leave_place() noexcept;
  void bind();

  task_node* next_task() noexcept;
  task_node* find_own_or_search() noexcept;

  // find_task.cpp
  task_node* find_own() noexcept;
  task_node* find_task() noexcept;
  task_node* fair_turn() noexcept;
  task_node* oldest_of_own() noexcept;
  enum class batch_size { one, share };
  task_node* take_injected(batch_size size) noexcept;
  task_node* take_from_lane(priority rank) noexcept;
  task_node* steal() noexcept;
  task_node* steal_in_turn() noexcept;
  task_node* steal_at(unsigned index) noexcept;
  task_node* steal_from(worker& victim) noexcept;

  // search.cpp
  enum class standing { busy, searching, ended };
  task_node* search() noexcept;
  task_node* search_from(standing now) noexcept;
  task_node* search_for_a_while() noexcept;
  standing begin_search() noexcept;
  task_node* first_task_after_dormancy() noexcept;
  task_node* stand_down() noexcept;
  standing rest(standing now) noexcept;
  standing park(standing now) noexcept;
  standing retire() noexcept;
  standing sleep_dormant() noexcept;
  task_node* leave_for_good() noexcept;
  [[nodiscard]] bool is_one_too_many() const noexcept;

  // run_task.cpp
  void run_entry(task_node* entry) noexcept;
  void run_dequeued(task_node& task) noexcept;
  [[noreturn]] static void end_forked_child() noexcept;
  void run_claimed(task_node& task) noexcept;
  void call(task_node& task) noexcept;

  // fork.cpp
  friend class fork_context;
  struct above_a_job {
    task_node* job;  // or nullptr
    std::size_t tasks;  // in batch_, the oldest first
  };
  bool take_back_from_below(stack_job& job, task_node* newest) noexcept;
  above_a_job take_what_lies_above(task_node* newest) noexcept;
  void give_to_all(std::size_t count) noexcept;
  void await_stolen(stack_job& job) noexcept;
  bool helps_until_done(stack_job& job) noexcept;
  void sleep_until(state_word<>& ready) noexcept;
  void work_instead(state_word<>& ready) noexcept;
  bool run_one_of_its_thief(stack_job& awaited) noexcept;

  // children.cpp
  void await_children(child_count<>& children, std::uint64_t first);
  group_child* pop_child(const child_count<>& of, std::uint64_t first) noexcept;
  void put_back(task_node* entry) noexcept;

  // enqueue.cpp
  void queue(task_node* const* tasks, std::size_t count);
  std::size_t spill_tasks(task_node** tasks, std::size_t count) noexcept;
  void spill();
  bool give_away_deque() noexcept;

  // tombstones.cpp
  void sweep_injection();
  void sweep_lane_if_due(priority rank);
  template <class Dequeue, class Enqueue>
  void sweep(std::size_t most, Dequeue&& dequeue, Enqueue&& enqueue);
  [[nodiscard]] static std::size_t drop_tombstones(task_node** entries, std::size_t count) noexcept;

  pool_core& pool_;
  const unsigned index_;
  const idle_seat seat_;
  const std::uint64_t place_;  // as the word of the spares wants it

  std::unique_ptr<task_node*[]> batch_;  // room for a batch from the injection queue, or for a spill

  injection::producer producer_;
  injection::consumer consumer_;
  lane_producers lane_producers_;
  std::array<injection::consumer, lane_count> lane_consumers_;
  std::array<std::size_t, lane_count> queued_in_lane_{};  // since the last sweep
  slab* slab_ = nullptr;
  latency_sampler sampler_;
  unsigned looks_ = 0;
  unsigned fair_turns_ = 0;
  unsigned next_victim_ = 0;  // of fair turns
  bool runs_tasks_ = false;
  std::uintptr_t half_reserve_ = 0;  // of its stack
  standard_atomics::atomic<bool> runs_strangers_{false};  // inside of a join
  bool started_ = false;  // written by whoever may start it: the constructor, the holder of the spare's bit, or who resizes
  bind_result binding_;
  standard_atomics::atomic<bool> in_place_{false};
  worker_info info_{};
  thread thread_;

  alignas(cache_line) task_ledger<> ledger_;
  worker_counters counters_;
  latency_recorder latencies_;
};

/// The worker whose thread this is, or nullptr.
extern constinit thread_local worker* this_thread_worker;

inline void worker::confirm_own_thread() const noexcept {
  if constexpr (checked_build) confirm(this_thread_worker == this, "a thread took a step of a worker that it is not");
}

}  // namespace filch::inline v0_1::detail
