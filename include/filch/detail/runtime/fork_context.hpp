// The part of a worker that joins and groups are compiled into their callers with: its deque, a look at who is idle, and the ends
// that a group has not been told of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/stack_pointer.hpp>
#include <filch/detail/park/idle_word.hpp>
#include <filch/detail/queue/chase_lev_deque.hpp>
#include <filch/detail/runtime/child_count.hpp>
#include <filch/detail/runtime/ended_children.hpp>
#include <filch/detail/runtime/stack_job.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/task/executor_ref.hpp>

namespace filch::inline v0_1::detail {

/// Used by its own thread alone.
class fork_context {
 public:
  fork_context(const fork_context&) = delete;
  fork_context& operator=(const fork_context&) = delete;

  /// Whether a join may begin on top of what the calling thread is doing; see stack_has_room().
  [[nodiscard]] bool has_room_to_join() const noexcept { return stack_pointer() > stack_reserve_; }

  /// Queues a job that the caller will take back or await, and wakes a worker if one sleeps. False when the deque is full: then
  /// nobody else has it.
  [[nodiscard, gnu::always_inline]] bool fork(stack_job& job) noexcept {
    if (!deque_.push(job.as_entry())) return false;
    // [I12] light fence, as in idle_protocol::work_pushed(), which the other way leads to where light fences are none.
    standard_atomics::light_fence_where_asymmetric();
    if (!word_to_look_at_->is_empty()) [[unlikely]]
      look_for_sleepers();
    return true;
  }

  /// The newest job that the caller has forked and not taken back: whether it is the caller's again. If it is not, somebody
  /// has stolen it, and all that were forked before it.
  [[nodiscard, gnu::always_inline]] bool take_back(stack_job& job) noexcept {
    task_node* const newest = deque_.pop();
    if (newest == job.as_entry()) [[likely]]
      return true;
    return newest != nullptr && take_back_from_below(job, newest);
  }

  /// Waits for a job that has been stolen, and runs what its thief has forked meanwhile.
  void await(stack_job& job) noexcept;

  /// Where the next entry of its deque will lie.
  [[nodiscard]] std::uint64_t next_index() const noexcept { return deque_.next_index(); }

  /// Waits for the children of a group, and runs those that lie on top of its deque. What else lies there from the index
  /// `first` on is moved out of the way.
  void await(child_count<>& children, std::uint64_t first);

  [[nodiscard]] ended_children<>& ended() noexcept { return ended_; }

  /// Whose worker it is.
  [[nodiscard]] executor_ref pool() const noexcept { return executor_ref(tasks_of_); }

 protected:
  using ring_slots = std::unique_ptr<deque_ring<task_node>::slot[]>;

  /// `look_at` is the word of all workers, if there is one; otherwise a word that is never empty.
  fork_context(task_pool& tasks_of, ring_slots slots, std::size_t capacity, unsigned calm_pops,
               const idle_word<>& look_at) noexcept
      : slots_(std::move(slots)),
        ring_(slots_.get(), capacity),
        deque_(ring_, calm_pops),
        word_to_look_at_(&look_at),
        tasks_of_(tasks_of) {}
  ~fork_context() = default;

 private:
  void look_for_sleepers() noexcept;
  bool take_back_from_below(stack_job& job, task_node* newest) noexcept;

  const ring_slots slots_;
  deque_ring<task_node> ring_;

 protected:
  deque_owner<task_node> deque_;
  deque_thief<task_node> thief_{ring_};
  ended_children<> ended_;
  std::uintptr_t stack_reserve_ = 0;  // set by its thread

 private:
  const idle_word<>* const word_to_look_at_;
  task_pool& tasks_of_;
};

/// The worker whose thread this is while it runs tasks, or nullptr.
extern constinit thread_local fork_context* this_thread_forks;

}  // namespace filch::inline v0_1::detail
