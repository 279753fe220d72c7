// What the models share: a scenario is a small program of a few threads with assertions, and a run of a model executes
// each of its scenarios many times, each time with another interleaving.
#pragma once

#include <algorithm>
#include <cstdint>
#include <new>
#include <string>
#include <utility>

#include "execution.hpp"
#include "relacy_atomics.hpp"

namespace filch::model {

template <unsigned Threads>
class scenario : public program {
 public:
  static_assert(Threads <= parking_lot::threads);
  static constexpr unsigned threads = Threads;
  scenario() {
    the_parking_lot.clear();
    relacy_atomics::fences_are_asymmetric = rl::rand(2) == 0;
  }
};

template <class Scenario>
program_maker maker_of() {
  static_assert(alignof(Scenario) <= program_maker::alignment);
  return {Scenario::threads, sizeof(Scenario), [](void* room) -> program* { return ::new (room) Scenario; }};
}

/// Executes a scenario so many times with random choices.
template <class Scenario>
check executed(std::string name, double executions) {
  return {std::move(name), executions, [executions](double times) {
            return execute(maker_of<Scenario>(), std::max<std::uint64_t>(1, static_cast<std::uint64_t>(executions * times)));
          }};
}

/// Executes every interleaving of a scenario that has at most so many changes of threads.
template <class Scenario>
check searched(std::string name, unsigned switches) {
  return {std::move(name), 0, [switches](double) { return search(maker_of<Scenario>(), switches); }};
}

}  // namespace filch::model
