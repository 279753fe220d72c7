// A callable with the place of a gate that it has.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <new>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/flow/admission.hpp>
#include <filch/detail/task/callable.hpp>

namespace filch::inline v0_1::detail {

/// Calls its first argument with the others, with a stop token where that can take one. Being the callable of a task whose
/// arguments are the user's callable and arguments, it makes a task's call of the kind below.
class admitted_call {
 public:
  explicit admitted_call(place&& taken) noexcept : place_(std::move(taken)) {}

  template <class F, class... Args>
    requires std::is_invocable_v<F, Args...>
  decltype(auto) operator()(F&& function, Args&&... args) const {
    return std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
  }
  template <std::same_as<std::stop_token> Stop, class F, class... Args>
    requires std::is_invocable_v<F, const Stop&, Args...>
  decltype(auto) operator()(const Stop& stop, F&& function, Args&&... args) const {
    return std::invoke(std::forward<F>(function), stop, std::forward<Args>(args)...);
  }

 private:
  template <class F, class... Args>
  friend class bound_call;

  place place_;
};

/// The user's call, and the place that it has: what it does when it is called and when it dies is done by the holder of a
/// place, which is given back after that.
template <class F, class... Args>
class bound_call<admitted_call, F, Args...> {
 public:
  template <class G, class... Given>
  explicit bound_call(std::in_place_t, admitted_call&& call, G&& function, Given&&... arguments)
      : place_(std::move(call.place_)) {
    ::new (static_cast<void*>(std::addressof(call_)))
        bound_call<F, Args...>(std::in_place, std::forward<G>(function), std::forward<Given>(arguments)...);
  }
  bound_call(const bound_call&) = delete;
  bound_call& operator=(const bound_call&) = delete;
  ~bound_call() noexcept(false) {
    const place_in_use inside(place_);
    std::destroy_at(std::addressof(call_));
  }

  task_result<F, Args...> operator()(const std::stop_token& stop) {
    const place_in_use inside(place_);
    return call_(stop);
  }
  task_result<F, Args...> repeated(const std::stop_token& stop) {
    const place_in_use inside(place_);
    return call_.repeated(stop);
  }

 private:
  place place_;
  union {
    bound_call<F, Args...> call_;  // alive until this is not
  };
};

}  // namespace filch::inline v0_1::detail
