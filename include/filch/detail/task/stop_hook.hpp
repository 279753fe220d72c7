// How a stop token reaches a task that is still queued: a stop callback in the task's block claims it, and it ends as by
// future::cancel(). The steps, who takes them, and what they exclude are in src/task/README.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/checked_build.hpp>
#include <filch/detail/base/reference_count.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::inline v0_1::detail {

/// Lies in a task that was made with two references more: one for the callback, one for the submitter. Task has a state and
/// references, drop_reference(), and two functions:
///   is_of_this_process(task)   false in a child made by fork(), where nobody ends tasks of the parent
///   cancel_by_token(task)      noexcept; ends a task that the caller has claimed
template <class Task, template <class> class StopCallback = std::stop_callback, class Atomics = standard_atomics>
class stop_hook {
 public:
  static constexpr std::uint32_t holders = 2;

  stop_hook() noexcept {}
  ~stop_hook() {
    if (armed_) remove();
  }
  stop_hook(const stop_hook&) = delete;
  stop_hook& operator=(const stop_hook&) = delete;

  /// The submitter, before the task is queued. From here on a stop request claims it, at any moment, also inside this call.
  template <class Token>
  void arm(Task& task, const Token& token) noexcept {
    armed_ = true;
    std::construct_at(std::addressof(callback_), token, claimer{*this, task});
  }

  /// The submitter, instead of the next step: the task could not be queued, and all its references are the caller's.
  void withdraw() noexcept {
    remove();
    armed_ = false;
  }

  /// The submitter, after the task was queued, as its last step: ends the task if a stop request has come before.
  void hand_over(Task& task) noexcept {
    // [H1] acq_rel exchange, here and in the callback, pairs with itself. The callback that comes second ends a task that it
    // sees counted and queued; the submitter that comes second sees what the callback has written.
    if (stage_.exchange(queued, std::memory_order_acq_rel) == claimed_early) end(task);
    task.drop_reference();
  }

  /// The claimer, before anything else. Afterwards no stop request finds the task. Waits for one that has come too late and is
  /// just finding that out. A claim of the callback's leaves it where it is, for the last holder.
  void disarm(Task& task) noexcept {
    if (claimed_by_callback_ || !armed_) return;
    remove();
    armed_ = false;
    const drop_outcome outcome = task.references.drop();
    confirm(outcome == drop_outcome::others_hold, "a claimer of a task held no reference");
  }

 private:
  struct claimer {
    stop_hook& hook;
    Task& task;

    void operator()() const noexcept {
      if (!is_of_this_process(task) || task.state.claim() == claim_outcome::taken) return;
      hook.claimed_by_callback_ = true;
      if (hook.stage_.exchange(claimed_early, std::memory_order_acq_rel) == queued) end(task);  // [H1]
    }
  };
  using callback = StopCallback<claimer>;

  // The last holder takes the callback away, perhaps this one, from inside of it.
  static void end(Task& claimed) noexcept {
    cancel_by_token(claimed);
    claimed.drop_reference();
  }

  void remove() noexcept { std::destroy_at(std::addressof(callback_)); }

  static constexpr std::uint32_t being_submitted = 0;
  static constexpr std::uint32_t queued = 1;
  static constexpr std::uint32_t claimed_early = 2;  // the submitter will end it

  union {
    callback callback_;  // there while armed_
  };
  typename Atomics::template atomic<std::uint32_t> stage_{being_submitted};
  typename Atomics::template plain<bool> armed_{false};  // the submitter's, then the claimer's, then the last holder's
  typename Atomics::template plain<bool> claimed_by_callback_{false};  // the claimer's
};

}  // namespace filch::inline v0_1::detail
