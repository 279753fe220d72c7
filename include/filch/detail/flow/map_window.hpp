// What a stream of results has in flight, seen by its consumer: queued, running, or ready and not taken yet. Who may touch
// what, and when: src/flow/README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <stop_token>

#include <filch/detail/task/completion_list.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/flow/map_options.hpp>

namespace filch::inline v0_1 {
class scheduler;
}

namespace filch::inline v0_1::detail {

/// An element, as the window knows it. In the order of completion it waits for its own task, and then tells the window.
class map_entry : public waiter {
 public:
  /// `told`, if there is one, hears of the end of the task. Before the task is queued.
  map_entry(task_node& its_task, std::uint64_t its_index, completion_list<>* told) noexcept
      : waiter(&tell), index(its_index), task_(its_task), told_(told) {
    if (told != nullptr) (void)its_task.state.install(*this);
  }
  map_entry(const map_entry&) = delete;
  map_entry& operator=(const map_entry&) = delete;

  [[nodiscard]] task_node& task() const noexcept { return task_; }

  const std::uint64_t index;

 protected:
  ~map_entry() = default;

 private:
  friend class map_window;

  static void tell(waiter& node) noexcept {
    map_entry& self = static_cast<map_entry&>(node);
    self.told_->push(self);
  }

  task_node& task_;
  completion_list<>* const told_;
  map_entry* older_ = nullptr;
  map_entry* newer_ = nullptr;
};

/// Used by one thread at a time, the consumer's, but for the list of completions.
class map_window {
 public:
  /// So many elements are queued in one step at most.
  static constexpr std::size_t largest_group = 32;

  /// Throws std::invalid_argument for a window of less than 1, or an order that there is not.
  map_window(scheduler& pool, const map_options& options);
  map_window(const map_window&) = delete;
  map_window& operator=(const map_window&) = delete;
  ~map_window() = default;

  [[nodiscard]] task_pool& pool() const noexcept { return pool_; }
  [[nodiscard]] const std::stop_token& stop_of_pool() const noexcept { return stop_of_pool_; }
  [[nodiscard]] completion_list<>* told() noexcept { return by_completion_ ? &completed_ : nullptr; }
  [[nodiscard]] bool is_of_this_process() const noexcept { return generation_ == process_generation(); }

  /// How many more elements there may be.
  [[nodiscard]] std::size_t room() const noexcept { return size_ - live_; }
  [[nodiscard]] bool is_empty() const noexcept { return live_ == 0; }
  /// How much room is worth taking inputs for while there are results at hand.
  [[nodiscard]] std::size_t fair_share() const noexcept { return fair_share_; }

  /// Throws closed or forked if the pool takes no tasks from here.
  void require_open();

  /// Queues elements that have just been made, no more than the largest group; the window has them from here on, also when
  /// this throws as task_pool::enqueue() does and the pool has none of them.
  void queue(std::span<map_entry* const> made);
  /// Ends one that could not be queued. All references but two, the consumer's and the one that the pool would have, are gone.
  static void refuse(map_entry& made, const std::exception_ptr& reason) noexcept;

  /// The next result, or nullptr if that is not ready.
  [[nodiscard]] map_entry* next_if_ready() noexcept;
  /// The same, after a wait; on a worker of the pool after a run of one that nobody has started. Not if the window is empty.
  /// Throws too_many_blocked, would_deadlock; nothing has changed then.
  [[nodiscard]] map_entry* wait_for_next();
  /// The consumer has done with it: another may come.
  void remove(map_entry& taken) noexcept;

  /// Ends what has not been started and waits for the rest, on a worker that has no spare without one. Nobody but the caller
  /// touches this window afterwards: it removes what is left, oldest() first.
  void abandon() noexcept;
  [[nodiscard]] map_entry* oldest() const noexcept { return oldest_; }

  /// While the consumer is in the middle of a step. Throws would_deadlock if it is already, and a task that it runs in place
  /// has called; forked.
  class pulling {
   public:
    explicit pulling(map_window& in);
    ~pulling() { window_.is_pulling_ = false; }
    pulling(const pulling&) = delete;
    pulling& operator=(const pulling&) = delete;

   private:
    map_window& window_;
  };

 private:
  [[nodiscard]] map_entry* wait_in_order_of_completion();
  [[nodiscard]] bool run_oldest_unstarted() noexcept;
  void require_not_inside() const;

  task_pool& pool_;
  const std::stop_token stop_of_pool_;
  const std::uint32_t generation_ = process_generation();
  const bool by_completion_;
  const priority rank_;
  const std::size_t size_;
  const std::size_t fair_share_;
  bool is_pulling_ = false;
  std::size_t live_ = 0;
  map_entry* oldest_ = nullptr;
  map_entry* newest_ = nullptr;
  map_entry* unstarted_ = nullptr;  // all older ones have been started
  waiter* ended_ = nullptr;         // taken from the list, the oldest first
  completion_list<> completed_;
};

}  // namespace filch::inline v0_1::detail
