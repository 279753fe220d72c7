// A call that blocks, in a task: somebody else works meanwhile.
#pragma once

#include <functional>
#include <utility>

namespace filch::inline v0_1 {

namespace detail {

class worker_role;

/// The calling worker counts as blocked for as long as this is there, and a spare stands in for it.
class blocking_call {
 public:
  blocking_call() noexcept;
  ~blocking_call();
  blocking_call(const blocking_call&) = delete;
  blocking_call& operator=(const blocking_call&) = delete;

 private:
  worker_role* const role_;  // nullptr where it is not counted, or was before
};

}  // namespace detail

/// Returns `function()`. On a worker a spare takes its place meanwhile, so that a system call, a lock that is held for long or
/// a wait for another thread does not cost the pool its width. Where all scheduler_options::spares are in use, or none can be
/// started, it is called all the same, and the pool has one worker less for as long, perhaps none; so what it waits for should
/// not be left to tasks of the same pool, but by get(), which does inside what it does elsewhere. On any other thread it is a
/// call like any other.
///
/// Costs some microseconds, and a wake-up of the spare; not worth it for less than that. Throws what `function` throws.
///
/// ```
/// pool.post([&] { auto page = filch::blocking([&] { return socket.read(); }); ... });
/// ```
template <class F>
decltype(auto) blocking(F&& function) {
  const detail::blocking_call replaced;
  return std::invoke(std::forward<F>(function));
}

}  // namespace filch::inline v0_1
