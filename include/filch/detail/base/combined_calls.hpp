// An action that many threads may call for and one takes at a time: whoever comes while it is taken leaves it to that one.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>

namespace filch::inline v0_1::detail {

/// For actions that answer several calls as well as one.
template <class Atomics = standard_atomics>
class combined_calls {
 public:
  /// Any thread: after this the action is taken once more, from its beginning, by this thread or by the one that is at it, and
  /// what the caller did before is done before that. Never waits, but may stay to answer those who come meanwhile.
  template <class Action>
  void call(Action&& action) noexcept {
    // [L1] acq_rel, pairs with itself below: who takes the action sees what those did whose calls it answers.
    if (calls_.fetch_add(1, std::memory_order_acq_rel) != 0) return;
    std::uint32_t unanswered = 1;
    do {
      action();
      unanswered = calls_.fetch_sub(unanswered, std::memory_order_acq_rel) - unanswered;  // [L1]
    } while (unanswered != 0);
  }

 private:
  typename Atomics::template atomic<std::uint32_t> calls_{0};  // not answered yet
};

}  // namespace filch::inline v0_1::detail
