// The callable of a job and its arguments, which may be called more than once.
#pragma once

#include <functional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include <filch/detail/task/callable.hpp>

namespace filch::inline v0_1::detail {

template <bool WithToken, class F, class... Args>
struct repeated_result : std::invoke_result<F&, Args&...> {};
template <class F, class... Args>
struct repeated_result<true, F, Args...> : std::invoke_result<F&, const std::stop_token&, Args&...> {};

/// Whether a callable gives the same result when it and its arguments are passed as lvalues, which it leaves for the next call.
/// A template whose return type is deduced is looked into for that, and must compile with lvalues.
template <class F, class... Args>
inline constexpr bool callable_again = [] {
  using function = std::decay_t<F>;
  constexpr bool token = takes_stop_token<F, Args...>;
  if constexpr (token ? std::is_invocable_v<function&, const std::stop_token&, std::decay_t<Args>&...>
                      : std::is_invocable_v<function&, std::decay_t<Args>&...>)
    return std::is_same_v<kept_result<typename repeated_result<token, function, std::decay_t<Args>...>::type>,
                          task_result<F, Args...>>;
  else
    return false;
}();

/// Decayed copies, as in bound_call. Called once they are passed as rvalues; otherwise as lvalues, by each call.
template <class F, class... Args>
class job_call {
 public:
  template <class G, class... Given>
  explicit job_call(bool once, G&& function, Given&&... arguments)
      : call_(std::in_place, std::forward<G>(function), std::forward<Given>(arguments)...), once_(once) {}

  task_result<F, Args...> operator()(const std::stop_token& stop) {
    if constexpr (callable_again<F, Args...>)
      if (!once_) return call_.repeated(stop);
    return call_(stop);
  }

 private:
  bound_call<F, Args...> call_;
  const bool once_;
};

}  // namespace filch::inline v0_1::detail
