// The seam between the protocols and the machine. The deque, the lanes, the idle word, the spare word, the shared state, the
// reference count, the slab's remote list, closing and the ledgers are templates over such a policy, so that a model
// checker runs the shipped code with atomics of its own.
//
// A policy has
//   atomic<T>      load, store, exchange, compare_exchange_strong, fetch_add, fetch_sub, fetch_or, fetch_and,
//                  fetch_xor with std::memory_order arguments
//   plain<T>       a field that is not atomic and that another thread reads after a hand-over; must assign from T and
//                  convert to T
//   full_fence()   orders everything before it against everything after it, store before load included
//   light_fence(), heavy_fence()
//                  the two sides of an asymmetric full fence; light_fence_where_asymmetric() where it is known that it is one
//   pause()        is called once a turn of every loop that waits for another thread's next step
//   wait, wake     park the calling thread while a 32-bit word has a value; wake one thread parked on it. Only the idle
//                  protocol asks for these two
#pragma once

#include <atomic>

#include <filch/detail/base/asymmetric_fence.hpp>
#include <filch/detail/base/full_fence.hpp>
#include <filch/detail/base/pause.hpp>

#ifdef FILCH_ATOMICS  // names a header that defines another standard_atomics for the whole library: for tests that disturb it
#include FILCH_ATOMICS
#else

namespace filch::inline v0_1::detail {

struct standard_atomics {
  template <class T>
  using atomic = std::atomic<T>;
  template <class T>
  using plain = T;

  static void full_fence() noexcept { detail::full_fence(); }
  static void light_fence() noexcept { detail::light_fence(); }
  static void light_fence_where_asymmetric() noexcept { detail::light_fence_where_asymmetric(); }
  static void heavy_fence() noexcept { detail::heavy_fence(); }
  static void pause() noexcept { detail::pause(); }
};

}  // namespace filch::inline v0_1::detail

#endif
