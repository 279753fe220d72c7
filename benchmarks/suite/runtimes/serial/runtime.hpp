// Nothing at the same time: what the work costs without a scheduler, and whether each workload has its answer right. What is
// submitted runs at once, in the caller.
#pragma once

#include <cstddef>
#include <utility>

#include "suite/results.hpp"

namespace suite {

class serial_runtime {
 public:
  static constexpr const char* name = "serial";
  static constexpr bool workers_may_wait = true;

  explicit serial_runtime(unsigned) {}

  template <class F>
  decltype(auto) run(F&& call) {
    return std::forward<F>(call)();
  }

  template <class F, class G>
  static results_of<F, G> join(F&& f, G&& g) {
    auto first = value_of(f);
    keep_calls();
    return {std::move(first), value_of(g)};
  }

  struct group {
    template <class F>
    void run(F&& call) {
      std::forward<F>(call)();
      keep_calls();
    }
    void wait() {}
  };

  template <class F>
  static void parallel_for(long first, long last, const F& body) {
    for (long i = first; i != last; ++i) body(i);
  }

  template <class F>
  auto round_trip(F&& call) {
    return std::forward<F>(call)();
  }

  template <class Result>
  struct finished {
    Result result;
    Result get() { return std::move(result); }
  };

  template <class F>
  auto submit(F&& call) {
    return finished<decltype(call())>{call()};
  }

  template <class F>
  void post(F&& call) {
    std::forward<F>(call)();
  }

  template <class Source, class Transform, class Sink>
  void pipeline(long items, std::size_t, const Source& source, const Transform& transform, const Sink& sink) {
    for (long i = 0; i != items; ++i) sink(transform(source(i)));
  }

 private:
  // Nothing, but the compiler must not compute once what it would see to be computed twice.
  static void keep_calls() { asm volatile("" : : : "memory"); }
};

}  // namespace suite
