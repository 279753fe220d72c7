// A task that somebody may hold a future of.
#pragma once

#include <filch/detail/task/exception_tally.hpp>
#include <filch/detail/task/result_slot.hpp>
#include <filch/detail/task/task_node.hpp>

namespace filch::inline v0_1::detail {

template <class R>
class future_state : public task_node {
 public:
  using task_node::task_node;

  /// The claimer, as its last step but finish(): an exception that is kept and that nobody takes will be counted.
  void count_if_dropped(exception_tally& where) noexcept {
    if (result.holds_exception()) tally = where.share();
  }
  /// The same for a task that was not called: what its future throws is not of its making.
  void do_not_count() noexcept { tally = nullptr; }

  /// Ends the result before its time: whoever drops the future of a task that is ready.
  void discard_result() noexcept {
    if (result.holds_exception()) settle_exception();
    result.clear();
  }

  result_slot<R> result;

 protected:
  ~future_state() { discard_result(); }

 private:
  void settle_exception() noexcept {
    if (tally == nullptr) return;
    if (!result.exception_was_taken()) tally->count_dropped();
    tally->drop_holder();
  }
};

}  // namespace filch::inline v0_1::detail
