// What a type of task has for a stop token that may be given with it; nothing, where none is.
#pragma once

#include <cstdint>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/task/cancel.hpp>
#include <filch/detail/task/stop_hook.hpp>
#include <filch/detail/task/task_node.hpp>

namespace filch::inline v0_1::detail {

/// For a task that stops its own call, also where no token was given with it.
struct stoppable_t {};

/// Calls with the pool's token: a task without one of its own, or whose callable takes none.
struct pool_stop {
  pool_stop() = default;
  explicit pool_stop(const std::stop_token&) noexcept {}
  pool_stop(const std::stop_token&, stoppable_t) noexcept {}

  template <class Call>
  decltype(auto) call(const std::stop_token& of_pool, Call&& function) const {
    return std::forward<Call>(function)(of_pool);
  }
  void request_stop() const noexcept {}
};

/// Calls with a token that is stopped when the given one is, or the pool's; with the pool's, where none was given. Tasks of a
/// batch share it.
class joined_stop {
 public:
  /// Throw std::bad_alloc.
  explicit joined_stop(const std::stop_token& given)
      : given_(given), joined_(given.stop_possible() ? std::stop_source() : std::stop_source(std::nostopstate)) {}
  joined_stop(const std::stop_token& given, stoppable_t) : given_(given) {}

  template <class Call>
  decltype(auto) call(const std::stop_token& of_pool, Call&& function) const {
    const bool joins = joined_.stop_possible();
    const auto pass_on = [&stop = joined_]() noexcept { (void)stop.request_stop(); };
    const std::stop_callback from_given(given_, pass_on);
    const std::stop_callback from_pool(joins ? of_pool : std::stop_token(), pass_on);
    return std::forward<Call>(function)(joins ? joined_.get_token() : of_pool);
  }
  /// Stops what it has called, or will. Any thread.
  void request_stop() const noexcept { (void)joined_.request_stop(); }

 private:
  std::stop_token given_;
  mutable std::stop_source joined_;
};

struct no_stop_hook {
  static constexpr std::uint32_t holders = 0;
  void arm(task_node&, const std::stop_token&) const noexcept {}
  void withdraw() const noexcept {}
  void hand_over(task_node&) const noexcept {}
  void disarm(task_node&) const noexcept {}
};

/// How a type of task hears of a token: before it runs, and while it does.
struct without_own_stop {
  static constexpr bool present = false;
  using hook = no_stop_hook;
  using link = pool_stop;
};
template <bool TakesToken>
struct with_own_stop {
  static constexpr bool present = true;
  using hook = stop_hook<task_node>;
  using link = std::conditional_t<TakesToken, joined_stop, pool_stop>;
};

}  // namespace filch::inline v0_1::detail
