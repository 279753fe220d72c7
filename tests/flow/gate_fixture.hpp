// What tests of gates share: pools whose time stands still, places that are taken, and who is under way.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "time/timed_pool.hpp"

namespace filch_tests {

inline constexpr filch::when_full every_policy[] = {filch::when_full::block, filch::when_full::reject, filch::when_full::caller_runs};

/// Threads that are joined in the end.
class threads {
 public:
  ~threads() { join(); }
  template <class F>
  void start(F&& function) {
    running_.emplace_back(std::forward<F>(function));
  }
  void join() {
    for (std::thread& each : running_)
      if (each.joinable()) each.join();
  }

 private:
  std::vector<std::thread> running_;
};

/// A copy of it is a guest from when it is made until it is destroyed; a moved one is not.
class guest {
 public:
  explicit guest(crowd& in) : in_(in) {}
  guest(const guest& other) : in_(other.in_), counted_(true) { in_.enter(); }
  ~guest() {
    if (counted_) in_.leave();
  }
  guest& operator=(const guest&) = delete;

 private:
  crowd& in_;
  bool counted_ = false;
};

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied&) { throw std::runtime_error("no copy"); }
};

template <class F>
bool is_closed_by(F&& submit) {
  try {
    submit();
    return false;
  } catch (const filch::closed&) {
    return true;
  }
}

/// Has pools whose clock a test moves.
class gate_test : public timed_pool_test {
 protected:
  /// Takes all places of a gate by tasks that are queued in a pool whose workers are held.
  static void fill(filch::scheduler& pool, filch::admission_gate& gate) {
    while (gate.taken() < gate.capacity()) (void)filch::submit(pool, {.gate = &gate}, [] {});
  }
  /// Whether so many wait for a place before the watchdog loses patience.
  static bool waits(const filch::admission_gate& gate, std::int64_t many) {
    return eventually([&] { return gate.waiting() == many; });
  }
};

}  // namespace filch_tests
