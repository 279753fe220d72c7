// One branch of a join: what is called, and room for what it returns or throws when somebody else calls it.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

#include <filch/detail/runtime/stack_job.hpp>
#include <filch/detail/task/result_slot.hpp>

namespace filch::inline v0_1::detail {

/// What a join keeps of a branch: a reference stays one, and nothing is a std::monostate.
template <class R>
using joined_result = std::conditional_t<std::is_void_v<R>, std::monostate, std::remove_cv_t<R>>;

template <class F>
using branch_result = joined_result<std::invoke_result_t<F>>;

/// Calls a branch, in the way it was given.
template <class F>
branch_result<F> call_branch(std::remove_reference_t<F>& function) {
  if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
    std::invoke(static_cast<F&&>(function));
    return {};
  } else {
    return std::invoke(static_cast<F&&>(function));
  }
}

/// A branch that may be stolen.
template <class F>
class forked_branch final : public stack_job {
 public:
  using result = branch_result<F>;

  explicit forked_branch(std::remove_reference_t<F>& function) noexcept : stack_job(&run), function_(function) {}
  ~forked_branch() {}

  /// On the thread that it was forked on, if it was not stolen.
  result call() { return call_branch<F>(function_); }

  /// What a thief has kept of it, or rethrows what it threw. Once, when the job is done.
  result take() {
    const struct ender {
      kept& of;
      ~ender() { std::destroy_at(std::addressof(of)); }
    } end{kept_};
    return kept_.take();
  }

 private:
  using kept = result_slot<result>;

  static void run(stack_job& self) noexcept {
    forked_branch& own = static_cast<forked_branch&>(self);
    ::new (static_cast<void*>(std::addressof(own.kept_))) kept();
    try {
      own.kept_.keep_result_of([&]() -> result { return own.call(); });
    } catch (...) {
      own.kept_.keep_exception(std::current_exception());
    }
  }

  std::remove_reference_t<F>& function_;
  union {
    kept kept_;  // there from the theft on
  };
};

}  // namespace filch::inline v0_1::detail
