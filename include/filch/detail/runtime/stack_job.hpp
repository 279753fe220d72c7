// A piece of work that lies on the stack of who waits for it: a branch of a join. It is queued in a deque only, beside the
// tasks; whoever takes it out of there runs it, and nobody can claim or cancel it in place. Who waits for it and who runs it
// touch it by the rules of src/runtime/README.md, fork and join.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/task/running_task.hpp>
#include <filch/detail/task/state_word.hpp>
#include <filch/detail/task/task_node.hpp>

namespace filch::inline v0_1::detail {

class worker;

class stack_job {
 public:
  /// Runs it and keeps what it returns or throws. On the thread that has stolen it, once.
  using run_function = void (*)(stack_job& self) noexcept;

  /// Part of the task that the calling thread runs.
  explicit stack_job(run_function run) noexcept : run_(run), within_(innermost_running_task) {}
  stack_job(const stack_job&) = delete;
  stack_job& operator=(const stack_job&) = delete;

  /// In a deque it lies as a task would, with the lowest bit set.
  [[nodiscard]] task_node* as_entry() noexcept {
    return reinterpret_cast<task_node*>(reinterpret_cast<std::uintptr_t>(this) | entry_mark);
  }
  [[nodiscard]] static bool is_in(const task_node* entry) noexcept {
    return (reinterpret_cast<std::uintptr_t>(entry) & entry_mark) != 0;
  }
  /// Needs is_in().
  [[nodiscard]] static stack_job& in(task_node* entry) noexcept {
    return *reinterpret_cast<stack_job*>(reinterpret_cast<std::uintptr_t>(entry) - entry_mark);
  }

  /// The thief: runs it to its end and tells who waits. It may be gone afterwards.
  void run_stolen(worker& by) noexcept;

  [[nodiscard]] bool is_done() const noexcept { return state_.is_ready(); }
  /// Who has stolen it, or nullptr as long as that is not known.
  [[nodiscard]] worker* thief() const noexcept {
    return thief_.load(std::memory_order_acquire);  // [F1] pairs with [F2]: who sees the thief sees its deque
  }
  /// For who waits for it.
  [[nodiscard]] state_word<>& state() noexcept { return state_; }

 protected:
  ~stack_job() = default;

 private:
  static constexpr std::uintptr_t entry_mark = 1;

  const run_function run_;
  const running_task* const within_;
  standard_atomics::atomic<worker*> thief_{nullptr};
  state_word<> state_;
};

}  // namespace filch::inline v0_1::detail
