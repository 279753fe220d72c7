// Running a few functions side by side, and waiting for all of them.
#pragma once

#include <concepts>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

#include <filch/detail/fork_join/branch.hpp>
#include <filch/detail/fork_join/elsewhere.hpp>
#include <filch/detail/runtime/fork_context.hpp>
#include <filch/runtime/scheduler.hpp>

namespace filch::inline v0_1 {

namespace detail {

template <class... Fs>
concept branches = sizeof...(Fs) >= 2 && (std::invocable<Fs> && ...) &&
                   ((std::is_reference_v<branch_result<Fs>> || std::move_constructible<branch_result<Fs>>) && ...);

template <class... Fs>
using join_result =
    std::conditional_t<(std::is_void_v<std::invoke_result_t<Fs>> && ...), void, std::tuple<branch_result<Fs>...>>;

// Ends a branch after the ones behind it have thrown: what it throws itself comes first.
template <class F>
[[gnu::cold]] void end_branch(fork_context& own, forked_branch<F>& branch) {
  if (own.take_back(branch)) {
    (void)branch.call();
  } else {
    own.await(branch);
    (void)branch.take();
  }
}

template <class F>
[[gnu::noinline]] branch_result<F> await_result(fork_context& own, forked_branch<F>& branch) {
  own.await(branch);
  return branch.take();
}

template <class F>
[[gnu::always_inline]] inline std::tuple<branch_result<F>> run_branches(fork_context&, std::remove_reference_t<F>& last) {
  return std::tuple<branch_result<F>>(call_branch<F>(last));
}

template <class F>
std::tuple<branch_result<F>> run_in_turn(std::remove_reference_t<F>& last) {
  return std::tuple<branch_result<F>>(call_branch<F>(last));
}

/// In the order in which one thread would run them if it forked them: the last first.
template <class F, class... Rest>
  requires(sizeof...(Rest) != 0)
[[gnu::noinline]] std::tuple<branch_result<F>, branch_result<Rest>...> run_in_turn(std::remove_reference_t<F>& first,
                                                                                  std::remove_reference_t<Rest>&... rest) {
  auto others = [&] {
    try {
      return run_in_turn<Rest...>(rest...);
    } catch (...) {
      (void)call_branch<F>(first);
      throw;
    }
  }();
  return std::tuple_cat(std::tuple<branch_result<F>>(call_branch<F>(first)), std::move(others));
}

/// Forks the first, runs the others, and then the first unless somebody has stolen it.
template <class F, class... Rest>
  requires(sizeof...(Rest) != 0)
[[gnu::always_inline]] inline std::tuple<branch_result<F>, branch_result<Rest>...> run_branches(
    fork_context& own, std::remove_reference_t<F>& first, std::remove_reference_t<Rest>&... rest) {
  forked_branch<F> branch(first);
  if (!own.fork(branch)) [[unlikely]]
    return run_in_turn<F, Rest...>(first, rest...);
  auto others = [&] {
    try {
      return run_branches<Rest...>(own, rest...);
    } catch (...) {
      end_branch(own, branch);
      throw;
    }
  }();
  if (own.take_back(branch)) [[likely]]
    return std::tuple_cat(std::tuple<branch_result<F>>(branch.call()), std::move(others));
  return std::tuple_cat(std::tuple<branch_result<F>>(await_result(own, branch)), std::move(others));
}

template <class... Fs>
[[gnu::always_inline]] inline join_result<Fs...> run_all(fork_context& own, std::remove_reference_t<Fs>&... functions) {
  if constexpr (std::is_void_v<join_result<Fs...>>)
    (void)run_branches<Fs...>(own, functions...);
  else
    return run_branches<Fs...>(own, functions...);
}

/// On another stack: as a task of the pool.
template <class... Fs>
[[gnu::noinline]] join_result<Fs...> join_elsewhere(executor_ref pool, std::remove_reference_t<Fs>&... functions) {
  return run_elsewhere(pool, [&] { return run_all<Fs...>(*this_thread_forks, functions...); });
}

/// On a worker with little stack left, or on a thread that is none.
template <class... Fs>
[[gnu::noinline]] join_result<Fs...> join_in_need(std::remove_reference_t<Fs>&... functions) {
  if (this_thread_forks != nullptr) return join_elsewhere<Fs...>(this_thread_forks->pool(), functions...);
  require_task("join()");
  if constexpr (std::is_void_v<join_result<Fs...>>)
    (void)run_in_turn<Fs...>(functions...);
  else
    return run_in_turn<Fs...>(functions...);
}

}  // namespace detail

/// Calls all functions, at the same time where workers are free, and returns their results as a std::tuple in the order of the
/// arguments: a reference for a reference, a std::monostate for nothing; or nothing if none returns anything. For a task: in
/// the pool whose worker calls it; what runs in get(help) on another thread calls one after the other. The last function is
/// called by the calling thread, the others by it or by workers that steal them; where that has little stack left, all by
/// others.
///
/// ```
/// long fib(long n) {
///   if (n < 2) return n;
///   auto [a, b] = filch::join([=] { return fib(n - 1); }, [=] { return fib(n - 2); });
///   return a + b;
/// }
/// ```
///
/// Blocking: until all have returned. Meanwhile the calling thread runs functions of this very join and of joins inside of it,
/// nothing else; when there are none it sleeps, and a spare takes its place (if none is to be had, and it is the last worker
/// that is not blocked, it runs other tasks). Throws: what a function threw, after all have ended; if several did, that
/// of the first in the order of the arguments. no_pool outside of a task: give it the pool. With little stack left also
/// too_many_blocked, task_cancelled and std::bad_alloc, before any function is called. Complexity: no allocation; some
/// nanoseconds.
template <class... Fs>
  requires detail::branches<Fs...>
detail::join_result<Fs...> join(Fs&&... functions) {
  if (detail::fork_context* const own = detail::this_thread_forks; own != nullptr && own->has_room_to_join()) [[likely]]
    return detail::run_all<Fs...>(*own, functions...);
  return detail::join_in_need<Fs...>(functions...);
}

/// The same in a given pool, from any thread; a thread that is not one of its workers waits meanwhile. Throws also closed, if
/// the pool has been shut down, task_cancelled, if that was while the join was queued, and std::bad_alloc: no function has been
/// called then.
template <class... Fs>
  requires detail::branches<Fs...>
detail::join_result<Fs...> join(executor_ref pool, Fs&&... functions) {
  detail::fork_context* const own = detail::this_thread_forks;
  if (own != nullptr && own->pool() == pool && own->has_room_to_join()) return detail::run_all<Fs...>(*own, functions...);
  return detail::join_elsewhere<Fs...>(pool, functions...);
}

/// The same.
template <class... Fs>
  requires detail::branches<Fs...>
detail::join_result<Fs...> join(scheduler& pool, Fs&&... functions) {
  return filch::join(pool.executor(), std::forward<Fs>(functions)...);
}

}  // namespace filch::inline v0_1
