// The atomics policy of a library whose schedules are disturbed: each operation and fence that a protocol
// asks of its policy, in include/filch/detail and in src, is a point. Built in with FILCH_ATOMICS, for tests.
#pragma once

#include <atomic>
#include <source_location>

#include <filch/detail/base/asymmetric_fence.hpp>
#include <filch/detail/base/full_fence.hpp>
#include <filch/detail/base/pause.hpp>

#include "perturb/schedule.hpp"

namespace filch_perturb {

/// As std::atomic, which it is where one is asked for.
template <class T>
class perturbed_atomic : public std::atomic<T> {
  using base = std::atomic<T>;
  using order = std::memory_order;
  using place = std::source_location;

 public:
  using base::base;

  T load(order with = order::seq_cst, place where = place::current()) const noexcept { return point(where), base::load(with); }
  void store(T value, order with = order::seq_cst, place where = place::current()) noexcept {
    return point(where), base::store(value, with);
  }
  T exchange(T value, order with = order::seq_cst, place where = place::current()) noexcept {
    return point(where), base::exchange(value, with);
  }
  T fetch_add(T value, order with, place where = place::current()) noexcept {
    return point(where), base::fetch_add(value, with);
  }
  T fetch_sub(T value, order with, place where = place::current()) noexcept {
    return point(where), base::fetch_sub(value, with);
  }
  T fetch_and(T value, order with, place where = place::current()) noexcept {
    return point(where), base::fetch_and(value, with);
  }
  T fetch_or(T value, order with, place where = place::current()) noexcept { return point(where), base::fetch_or(value, with); }
  T fetch_xor(T value, order with, place where = place::current()) noexcept {
    return point(where), base::fetch_xor(value, with);
  }
  bool compare_exchange_strong(T& expected, T desired, order success, order failure, place where = place::current()) noexcept {
    return point(where), base::compare_exchange_strong(expected, desired, success, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, order success, order failure, place where = place::current()) noexcept {
    return point(where), base::compare_exchange_weak(expected, desired, success, failure);
  }
};

}  // namespace filch_perturb

namespace filch::inline v0_1::detail {

struct standard_atomics {
  template <class T>
  using atomic = filch_perturb::perturbed_atomic<T>;
  template <class T>
  using plain = T;

  static void full_fence(std::source_location where = std::source_location::current()) noexcept {
    filch_perturb::point(where);
    detail::full_fence();
    filch_perturb::point(where);
  }
  static void light_fence(std::source_location where = std::source_location::current()) noexcept {
    filch_perturb::point(where);
    detail::light_fence();
    filch_perturb::point(where);
  }
  static void light_fence_where_asymmetric(std::source_location where = std::source_location::current()) noexcept {
    filch_perturb::point(where);
    detail::light_fence_where_asymmetric();
    filch_perturb::point(where);
  }
  static void heavy_fence(std::source_location where = std::source_location::current()) noexcept {
    filch_perturb::point(where);
    detail::heavy_fence();
    filch_perturb::point(where);
  }
  static void pause() noexcept {
    filch_perturb::spinning();
    detail::pause();
  }
};

}  // namespace filch::inline v0_1::detail
