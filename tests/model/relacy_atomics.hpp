// The atomics policy under which the shipped headers run in the Relacy race detector: every operation is a point where
// another thread may go on, a load may read an old value if its order allows, plain fields are checked for races, and
// parked threads are really parked, so that a lost wake-up ends as a deadlock.
//
// Include it before any header of filch. Relacy renames the memory orders, new and delete by macros, which must not
// reach what is checked.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>

#include "mutation.hpp"

#pragma push_macro("errno")
#include <relacy/relacy.hpp>
#pragma pop_macro("errno")

#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef VAR
#undef VAR_T
#undef TLS_T
#undef $

namespace filch::model {

inline rl::debug_info at(const std::source_location& where) {
  return {where.function_name(), where.file_name(), where.line()};
}

inline rl::memory_order relacy_order(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed: return rl::mo_relaxed;
    case std::memory_order_consume: return rl::mo_consume;
    case std::memory_order_acquire: return rl::mo_acquire;
    case std::memory_order_release: return rl::mo_release;
    case std::memory_order_acq_rel: return rl::mo_acq_rel;
    default: return rl::mo_seq_cst;
  }
}

/// The half of an order that a load has, and the half that a store has.
inline std::memory_order of_load(std::memory_order order) {
  if (order == std::memory_order_release) return std::memory_order_relaxed;
  return order == std::memory_order_acq_rel ? std::memory_order_acquire : order;
}
inline std::memory_order of_store(std::memory_order order) {
  if (order == std::memory_order_acquire) return std::memory_order_relaxed;
  return order == std::memory_order_acq_rel ? std::memory_order_release : order;
}

/// As std::atomic. Its operations note the line they were called from, for the history of a failure and for the mutator.
template <class T>
class atomic {
  using place = std::source_location;
  using order = std::memory_order;

 public:
  atomic() : atomic(T()) {}
  atomic(T value) { cell_.store(value, rl::mo_relaxed, at(place::current())); }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(order with, place where = place::current()) const {
    RL_ASSERT(with != std::memory_order_release && with != std::memory_order_acq_rel);
    if (the_mutator.pass("load", with, with, where) == change::order) with = the_mutator.weaker_order();
    return cell_.load(relacy_order(with), at(where));
  }

  void store(T value, order with, place where = place::current()) {
    RL_ASSERT(with != std::memory_order_acquire && with != std::memory_order_acq_rel);
    const change now = the_mutator.pass("store", with, with, where);
    if (now == change::left_out) return;
    if (now == change::order) with = the_mutator.weaker_order();
    cell_.store(value, relacy_order(with), at(where));
  }

  T exchange(T value, order with, place where = place::current()) {
    return modify("exchange", with, where, [&](order by) { return cell_.exchange(value, relacy_order(by), at(where)); },
                  [&](T) { return value; });
  }
  T fetch_add(T value, order with, place where = place::current()) {
    return modify("fetch_add", with, where, [&](order by) { return cell_.fetch_add(value, relacy_order(by), at(where)); },
                  [&](T old) { return static_cast<T>(old + value); });
  }
  T fetch_sub(T value, order with, place where = place::current()) {
    return modify("fetch_sub", with, where, [&](order by) { return cell_.fetch_sub(value, relacy_order(by), at(where)); },
                  [&](T old) { return static_cast<T>(old - value); });
  }
  T fetch_and(T value, order with, place where = place::current()) {
    return modify("fetch_and", with, where, [&](order by) { return cell_.fetch_and(value, relacy_order(by), at(where)); },
                  [&](T old) { return static_cast<T>(old & value); });
  }
  T fetch_or(T value, order with, place where = place::current()) {
    return modify("fetch_or", with, where, [&](order by) { return cell_.fetch_or(value, relacy_order(by), at(where)); },
                  [&](T old) { return static_cast<T>(old | value); });
  }
  T fetch_xor(T value, order with, place where = place::current()) {
    return modify("fetch_xor", with, where, [&](order by) { return cell_.fetch_xor(value, relacy_order(by), at(where)); },
                  [&](T old) { return static_cast<T>(old ^ value); });
  }

  /// Fails sometimes by reading an old value, as the language allows: a failure is a load like any other. Relacy's own
  /// fails by the newest value only.
  bool compare_exchange_strong(T& expected, T desired, order success, order failure,
                               place where = place::current()) {
    const change now = the_mutator.pass("compare-and-swap", success, failure, where);
    if (now == change::order) success = the_mutator.weaker_order();
    if (now == change::failure_order) failure = the_mutator.weaker_order();
    if (now == change::two_steps || now == change::left_out || rl::rand(4) == 0) {
      const bool is_apart = now == change::two_steps || now == change::left_out;
      const T seen = cell_.load(relacy_order(is_apart ? of_load(success) : failure), at(where));
      if (seen != expected) {
        expected = seen;
        return false;
      }
      if (now == change::two_steps) cell_.store(desired, relacy_order(of_store(success)), at(where));
      if (now == change::two_steps || now == change::left_out) return true;
    }
    return cell_.compare_exchange(rl::bool_t<false>(), expected, desired, relacy_order(success), relacy_order(failure),
                                  at(where));
  }

  /// The newest value, read without taking part: for the kernel's look in a futex call, and for invariants.
  T newest() const { return cell_.debug_value(); }

 private:
  template <class Whole, class Result>
  T modify(std::string_view operation, order with, const place& where, Whole whole, Result result) {
    const change now = the_mutator.pass(operation, with, with, where);
    if (now == change::order) with = the_mutator.weaker_order();
    if (now != change::two_steps && now != change::left_out) return whole(with);
    const T old = cell_.load(relacy_order(of_load(with)), at(where));
    if (now == change::two_steps) cell_.store(result(old), relacy_order(of_store(with)), at(where));
    return old;
  }

  rl::generic_atomic<T, false> cell_;
};

/// A field that is not atomic: two accesses, one of them a write, that nothing orders are a failure.
template <class T>
class plain {
 public:
  plain() = default;
  plain(T value) : cell_(value) {}
  plain(const plain&) = delete;
  plain& operator=(const plain&) = delete;

  plain& operator=(T value) {
    cell_(RL_INFO) = value;
    return *this;
  }
  operator T() const { return cell_(RL_INFO).load(); }

 private:
  rl::var<T> cell_;
};

/// The threads that sleep in a futex call, each with the address it sleeps on. It orders nothing between sleeper and
/// waker, and wakes by the address alone.
class parking_lot {
 public:
  static constexpr unsigned threads = 8;

  void clear() { sleeps_on_.fill(nullptr); }

  void sleep(const void* address, bool timed, const std::source_location& where) {
    rl::context& context = rl::ctx();
    const auto self = static_cast<std::size_t>(context.threadx_->index_);
    sleeps_on_[self] = address;
    (void)context.park_current_thread(timed, true, false, at(where));
    sleeps_on_[self] = nullptr;
  }

  /// Wakes one sleeper, any, or all.
  void wake(const void* address, bool all, const std::source_location& where) {
    rl::context& context = rl::ctx();
    context.sched();
    const unsigned first = rl::rand(threads);
    for (unsigned i = 0; i != threads; ++i) {
      const unsigned thread = (first + i) % threads;
      if (sleeps_on_[thread] != address) continue;
      sleeps_on_[thread] = nullptr;
      context.unpark_thread(static_cast<rl::thread_id_t>(thread), false, at(where));
      if (!all) return;
    }
  }

 private:
  std::array<const void*, threads> sleeps_on_{};
};

inline parking_lot the_parking_lot;

struct relacy_atomics {
  using place = std::source_location;

  template <class T>
  using atomic = model::atomic<T>;
  template <class T>
  using plain = model::plain<T>;

  static void full_fence(place where = place::current()) {
    if (is_left_out("full fence", std::memory_order_seq_cst, where)) return;
    rl::atomic_thread_fence(rl::mo_seq_cst, at(where));
  }
  /// Either of the two: a light fence that is none, with a heavy one that runs a full fence in each thread, or two full fences.
  static inline bool fences_are_asymmetric = true;
  static void light_fence(place where = place::current()) {
    if (is_left_out("light fence", std::memory_order_seq_cst, where)) return;
    if (!fences_are_asymmetric) rl::atomic_thread_fence(rl::mo_seq_cst, at(where));
  }
  static void light_fence_where_asymmetric() { RL_ASSERT(fences_are_asymmetric); }
  static void heavy_fence(place where = place::current()) {
    if (is_left_out("heavy fence", std::memory_order_seq_cst, where)) return;
    rl::atomic_thread_fence(rl::mo_seq_cst, at(where));
    if (!fences_are_asymmetric) return;
    rl::systemwide_fence(at(where));
    rl::atomic_thread_fence(rl::mo_seq_cst, at(where));
  }

  static void pause(place where = place::current()) { rl::yield(1, at(where)); }

  static void wait(const atomic<std::uint32_t>& word, std::uint32_t expected, place where = place::current()) {
    rl::ctx().sched();
    if (word.newest() == expected) the_parking_lot.sleep(&word, false, where);
  }
  static void wait_for_a_while(const atomic<std::uint32_t>& word, std::uint32_t expected,
                               place where = place::current()) {
    rl::ctx().sched();
    if (word.newest() == expected) the_parking_lot.sleep(&word, true, where);
  }
  static void wake(const atomic<std::uint32_t>& word, place where = place::current()) {
    if (!is_left_out("wake", std::memory_order_relaxed, where)) the_parking_lot.wake(&word, false, where);
  }
  static void wake_all(const atomic<std::uint32_t>& word, place where = place::current()) {
    if (!is_left_out("wake", std::memory_order_relaxed, where)) the_parking_lot.wake(&word, true, where);
  }

 private:
  static bool is_left_out(std::string_view operation, std::memory_order order, const place& where) {
    return the_mutator.pass(operation, order, order, where) == change::left_out;
  }
};

}  // namespace filch::model
