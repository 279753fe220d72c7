// Calling what was submitted and ending its life, with every exception caught: the callable's, the result's move's, and
// that of a capture's destructor.
#pragma once

#include <exception>
#include <utility>

#include <filch/detail/task/task_node.hpp>

namespace filch::inline v0_1::detail {

/// Performs one step for a task with a future. What it throws becomes the result.
template <class State, class Step>
void attempt_into_result(State& state, Step& step) noexcept {
  try {
    step();
  } catch (...) {
    state.result.keep_exception(std::current_exception());
  }
}

/// Runs `call`, which fills `state.result`, then each `destroy`, which end the callable's life. What any throws becomes
/// the result: a capture's destructor may throw, too.
template <class State, class Call, class... Destroy>
run_outcome run_into_result(State& state, run_context& context, Call&& call, Destroy&&... destroy) noexcept {
  attempt_into_result(state, call);
  (attempt_into_result(state, destroy), ...);
  state.count_if_dropped(context.tally);
  return state.result.holds_exception() ? run_outcome::exception : run_outcome::value;
}

/// Keeps `reason` instead of a result, then performs each `destroy` of a callable that is not called.
template <class State, class... Destroy>
void abandon_into_result(State& state, std::exception_ptr reason, Destroy&&... destroy) noexcept {
  state.result.keep_exception(std::move(reason));
  (attempt_into_result(state, destroy), ...);
  state.do_not_count();
}

/// As run_into_result() for a task without a future: what `call` or a `destroy` throws is left for the pool's hook.
template <class Call, class... Destroy>
run_outcome run_without_result(run_context& context, Call&& call, Destroy&&... destroy) noexcept {
  const auto attempt = [&](auto& step) noexcept {
    try {
      step();
    } catch (...) {
      context.unhandled = std::current_exception();
    }
  };
  attempt(call);
  (attempt(destroy), ...);
  return context.unhandled ? run_outcome::exception : run_outcome::value;
}

/// Ends the life of a callable that is not called, where nobody asks what its destructor throws.
template <class... Destroy>
void destroy_unrun(Destroy&&... destroy) noexcept {
  const auto attempt = [](auto& step) noexcept {
    try {
      step();
    } catch (...) {
      return;
    }
  };
  (attempt(destroy), ...);
}

}  // namespace filch::inline v0_1::detail
