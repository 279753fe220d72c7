// One thread at work in a loop, and the decision to split: lazily, when the last half that it put up for others is gone.
//
// Tzannes, Caragea, Barua, Vishkin: Lazy binary-splitting: a run-time adaptive work-stealing scheduler, PPoPP 2010. See
// src/algorithm/README.md.
#pragma once

#include <utility>

#include <filch/detail/algorithm/loop_control.hpp>
#include <filch/detail/fork_join/branch.hpp>
#include <filch/detail/runtime/fork_context.hpp>
#include <filch/detail/runtime/stack_job.hpp>

namespace filch::inline v0_1::detail {

class loop_worker {
 public:
  /// The calling thread, which has put up nothing. One that is no worker of a pool never splits.
  explicit loop_worker(loop_control& control) noexcept : control_(&control), own_(this_thread_forks) {}

  [[nodiscard, gnu::always_inline]] bool may_begin() const noexcept { return control_->may_begin(); }
  [[nodiscard]] loop_control& control() const noexcept { return *control_; }

  /// Whether nothing of this loop can be stolen from this thread.
  [[nodiscard, gnu::always_inline]] bool should_split() const noexcept {
    return own_ != nullptr && (offered_ == nullptr || offered_->thief() != nullptr);
  }

  /// Calls `lower(worker)` and then `upper(worker)`, or both at the same time if it should split and somebody steals the upper
  /// one. When one throws, nothing more of the loop is begun, and that comes out when both have ended; if both do, what
  /// `lower` threw.
  template <class Lower, class Upper>
  void run_both(Lower&& lower, Upper&& upper) const {
    if (should_split()) return split(lower, upper);
    lower(*this);
    upper(*this);
  }

  /// The same for who has asked whether it should split.
  template <class Lower, class Upper>
  [[gnu::noinline]] void split(Lower&& lower, Upper&& upper) const {
    const auto stolen = [&] {
      loop_control& control = *control_;
      try {
        upper(loop_worker(control));
      } catch (...) {
        control.fail();
        throw;
      }
    };
    forked_branch<decltype(stolen)&> branch(stolen);
    if (!own_->fork(branch)) [[unlikely]] {
      lower(*this);
      return upper(*this);
    }
    try {
      lower(loop_worker(*this, branch));
    } catch (...) {
      control_->fail();
      if (!own_->take_back(branch)) end(branch);
      throw;
    }
    if (own_->take_back(branch)) return upper(*this);
    own_->await(branch);
    (void)branch.take();
  }

 private:
  loop_worker(const loop_worker& before, const stack_job& offered) noexcept
      : control_(before.control_), own_(before.own_), offered_(&offered) {}

  template <class Branch>
  [[gnu::cold]] void end(Branch& branch) const noexcept {
    own_->await(branch);
    try {
      (void)branch.take();
    } catch (...) {  // what comes before it has thrown as well
    }
  }

  loop_control* control_;
  fork_context* own_;
  const stack_job* offered_ = nullptr;
};

}  // namespace filch::inline v0_1::detail
