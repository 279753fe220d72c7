// The results of a pair of calls, where a runtime has no such thing: nothing becomes std::monostate.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace suite {

template <class F>
using result_of = std::conditional_t<std::is_void_v<std::invoke_result_t<F>>, std::monostate, std::invoke_result_t<F>>;

template <class F, class G>
using results_of = std::pair<result_of<F>, result_of<G>>;

template <class F>
result_of<F> value_of(F&& call) {
  if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
    std::forward<F>(call)();
    return {};
  } else {
    return std::forward<F>(call)();
  }
}

}  // namespace suite
