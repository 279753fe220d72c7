// What may be submitted: a callable and its arguments, decayed, with or without a leading std::stop_token.
#pragma once

#include <concepts>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

namespace filch::inline v0_1::detail {

// The rule of std::jthread: a callable that can take a stop token before its arguments gets one.
template <class F, class... Args>
inline constexpr bool takes_stop_token =
    std::is_invocable_v<std::decay_t<F>, const std::stop_token&, std::decay_t<Args>...>;

template <class F, class... Args>
concept submittable = takes_stop_token<F, Args...> ||
                      std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>;

template <bool WithToken, class F, class... Args>
struct result_of_call : std::invoke_result<std::decay_t<F>, std::decay_t<Args>...> {};
template <class F, class... Args>
struct result_of_call<true, F, Args...>
    : std::invoke_result<std::decay_t<F>, const std::stop_token&, std::decay_t<Args>...> {};

/// What is kept of a result: a value where the callable returns an rvalue reference, which may point into an argument.
template <class R>
using kept_result = std::conditional_t<std::is_rvalue_reference_v<R>, std::remove_reference_t<R>, R>;

/// What the future of submit(f, args...) yields.
template <class F, class... Args>
using task_result = kept_result<typename result_of_call<takes_stop_token<F, Args...>, F, Args...>::type>;

/// A callable with its arguments, called as std::thread would: decayed copies, passed as rvalues.
template <class F, class... Args>
class bound_call {
 public:
  template <class G, class... Given>
  explicit bound_call(std::in_place_t, G&& function, Given&&... arguments)
      : function_(std::forward<G>(function)), arguments_(std::forward<Given>(arguments)...) {}

  task_result<F, Args...> operator()(const std::stop_token& stop) {
    return std::apply(
        [&](Args&... arguments) -> task_result<F, Args...> {
          if constexpr (takes_stop_token<F, Args...>)
            return std::invoke(std::move(function_), stop, std::move(arguments)...);
          else
            return std::invoke(std::move(function_), std::move(arguments)...);
        },
        arguments_);
  }

  /// The same with lvalues, for one that will be called again.
  task_result<F, Args...> repeated(const std::stop_token& stop) {
    return std::apply(
        [&](Args&... arguments) -> task_result<F, Args...> {
          if constexpr (takes_stop_token<F, Args...>)
            return std::invoke(function_, stop, arguments...);
          else
            return std::invoke(function_, arguments...);
        },
        arguments_);
  }

 private:
  [[no_unique_address]] F function_;
  [[no_unique_address]] std::tuple<Args...> arguments_;
};

// Is there an empty state that a call would trip over? Pointers have one, and so do wrappers such as std::function,
// which compare with nullptr. A lambda without captures compares too, by way of a function pointer (so +f compiles),
// and is never empty.
template <class F>
concept can_be_empty = std::is_pointer_v<F> || std::is_member_pointer_v<F> ||
                       (std::is_class_v<F> && requires(const F& f) { { f == nullptr } -> std::convertible_to<bool>; } &&
                        !requires(const F& f) { +f; });

/// Throws std::invalid_argument for an empty std::function, a null function pointer and the like.
template <class F>
void require_callable(const F& function) {
  using decayed = std::decay_t<F>;
  if constexpr (can_be_empty<decayed> && !std::is_function_v<F>) {
    if (function == nullptr)
      throw std::invalid_argument(
          "filch: the callable is empty (a null pointer or an empty std::function): submit something that can be called");
  }
}

}  // namespace filch::inline v0_1::detail
