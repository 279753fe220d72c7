// Where an algorithm runs: on the calling worker, or as a task of a pool that the calling thread waits for.
#pragma once

#include <concepts>
#include <type_traits>

#include <filch/detail/fork_join/elsewhere.hpp>
#include <filch/detail/runtime/fork_context.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/executor_ref.hpp>

namespace filch::inline v0_1::detail {

template <class Pool>
concept pool_handle = std::same_as<std::remove_cvref_t<Pool>, executor_ref> || std::same_as<Pool, scheduler&>;

inline executor_ref executor_of(executor_ref pool) noexcept { return pool; }
inline executor_ref executor_of(scheduler& pool) noexcept { return pool.executor(); }

template <class F>
[[gnu::noinline]] auto run_as_task(executor_ref pool, F& algorithm) {
  return run_elsewhere(pool, [&] { return algorithm(); });
}

/// On a worker with little stack left, or on a thread that is none: one that runs a task all the same, in get(filch::help),
/// runs the algorithm as well.
template <class F>
[[gnu::noinline]] auto run_in_need(const char* function, F& algorithm) {
  if (this_thread_forks != nullptr) return run_as_task(this_thread_forks->pool(), algorithm);
  require_task(function);
  return algorithm();
}

/// Returns `algorithm()`, called in the pool of the calling task.
template <class F>
auto run_in_pool(const char* function, F&& algorithm) {
  if (const fork_context* const own = this_thread_forks; own != nullptr && own->has_room_to_join()) [[likely]]
    return algorithm();
  return run_in_need(function, algorithm);
}

/// The same in a given pool, from any thread.
template <class F>
auto run_in_pool(executor_ref pool, F&& algorithm) {
  if (const fork_context* const own = this_thread_forks; own != nullptr && own->pool() == pool && own->has_room_to_join())
    return algorithm();
  return run_as_task(pool, algorithm);
}

}  // namespace filch::inline v0_1::detail
