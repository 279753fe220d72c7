// A worker of the models: its deque and its thread.
#pragma once

#include "model_pool_core.hpp"

#include <filch/detail/queue/chase_lev_deque.hpp>

namespace filch::inline v0_1::detail {

class worker {
 public:
  worker(pool_core& pool, unsigned index, idle_seat seat) : pool_(pool), index_(index), seat_(seat) {}
  ~worker() { slab_->orphan(); }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  pool_core& pool() const noexcept { return pool_; }
  deque_thief<task_node, relacy_atomics>& thief() noexcept { return thief_; }
  const task_ledger<relacy_atomics>& ledger() const noexcept { return ledger_; }
  unsigned index() const noexcept { return index_; }
  bool is_spare() const noexcept { return index_ >= pool_.most_workers(); }
  bool is_of_the_first() const noexcept { return index_ < pool_.first_workers(); }
  idle_seat seat() const noexcept { return seat_; }
  slab& memory() noexcept { return *slab_; }
  bool wants_trim() const noexcept { return slab_->wants_trim(); }
  void trim() noexcept { slab_->trim(); }

  // The thread of one of the first is there from the beginning; that of another waits until it is started. `started_` is
  // written by the holder of the spare's bit, or by who resizes.
  [[nodiscard]] bool is_started() const noexcept { return started_ != 0; }
  void start() noexcept { begin(birth::busy); }
  void join() noexcept {
    if (!is_of_the_first() && !is_started()) begin(birth::never);
    while (gone_.load(std::memory_order_acquire) == 0) relacy_atomics::wait(gone_, 0);
  }

  // As worker::main().
  void main() {
    work();
    gone_.store(1, std::memory_order_release);
    relacy_atomics::wake_all(gone_);
  }
  void work() {
    while (!is_of_the_first() && birth_.load(std::memory_order_acquire) == birth::unborn)
      relacy_atomics::wait(birth_, birth::unborn);
    if (birth_.load(std::memory_order_acquire) == birth::never) return;
    task_node* task = is_of_the_first() ? next_task() : first_task_after_dormancy();
    for (; task != nullptr; task = next_task()) {
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
      standard_atomics::full_fence();  // [I8]
    }
    pool_.idle().work_pushed(seat_.group, static_cast<unsigned>(count));
  }
  void submit(task_node& task) {
    task_node* const one = &task;
    submit(&one, 1);
  }
  // As worker::enqueue_with(), without the sweep.
  void submit_in_lane(unsigned which, task_node& task) {
    task_node* const one = &task;
    ledger_.count_spawned(1);
    (void)pool_.lane(which).enqueue(lane_producers_[which], &one, 1);
    standard_atomics::full_fence();  // [I8]
    pool_.idle().work_arrived(seat_.group, 1);
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

  struct standard_atomics {
    static void full_fence(std::source_location where = std::source_location::current()) noexcept {
      relacy_atomics::full_fence(where);
    }
  };

  void spill() {
    task_node* batch[ring_capacity];
    const std::size_t taken = deque_.spill(batch, deque_.capacity() / 2);
    if (taken == 0) return;
    pool_.injection().enqueue(producer_, batch, taken);
    standard_atomics::full_fence();  // [I8]
  }

  bool give_away_deque() noexcept {
    while (thief_.has_work()) spill();
    return true;
  }

  // As find_task.cpp.
  task_node* take_from_lane(unsigned which) noexcept {
    task_node* taken = nullptr;
    if (pool_.has_lanes()) (void)pool_.lane(which).dequeue(&taken, std::size_t{1});
    return taken;
  }
  task_node* find_own() noexcept {
    if (task_node* const task = take_from_lane(0); task != nullptr) return task;
    if (task_node* const task = deque_.pop(); task != nullptr) return task;
    task_node* batch[2];
    const std::size_t taken = pool_.injection().dequeue(batch, std::min<std::size_t>(2, 1 + deque_.room()));
    if (taken == 0) return nullptr;
    if (taken == 2) {
      RL_ASSERT(deque_.push(batch[1]));
      pool_.idle().work_pushed(seat_.group);
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
    return take_from_lane(1);
  }
  task_node* search_for_a_while() noexcept {
    for (unsigned look = 0; look != pool_.spin(); ++look) {
      if (task_node* const task = find_task(); task != nullptr) return task;
      if (pool_.stopping()) return nullptr;
      if (look == 0 && pool_.spin() != 1) {
        standard_atomics::full_fence();
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
  standing begin_search() noexcept;
  task_node* first_task_after_dormancy() noexcept;
  task_node* stand_down() noexcept;
  standing rest(standing now) noexcept;
  standing park(standing now) noexcept;
  standing retire() noexcept;
  standing sleep_dormant() noexcept;
  task_node* leave_for_good() noexcept;
  bool is_one_too_many() const noexcept;

  // The group model has groups.
  struct {
    static void tell() noexcept {}
  } ended_;

  pool_core& pool_;
  const unsigned index_;
  const idle_seat seat_;
  const std::uint64_t place_ = spare_word<relacy_atomics>::place_of(index_);
  deque_ring<task_node, relacy_atomics>::slot slots_[ring_capacity];
  deque_ring<task_node, relacy_atomics> ring_{slots_, ring_capacity};
  deque_owner<task_node, relacy_atomics> deque_{ring_};
  deque_thief<task_node, relacy_atomics> thief_{ring_};
  injection_queue::producer producer_;
  injection_queue::producer lane_producers_[2];
  task_ledger<relacy_atomics> ledger_;
  worker_counters counters_;
  slab* const slab_ = slab::create(&pool_.bell());
  model::plain<int> started_{0};
  model::atomic<std::uint32_t> birth_{birth::unborn};
  model::atomic<std::uint32_t> gone_{0};
};

}  // namespace filch::inline v0_1::detail
