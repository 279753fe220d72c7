// OpenMP: libgomp where gcc compiles, libomp where clang does. It has no outside: tasks are made in a parallel region, whose
// master is the caller. Loops are regions of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <omp.h>

#include "suite/results.hpp"

namespace suite {

class openmp_runtime {
 public:
  static constexpr const char* name = "openmp";

  explicit openmp_runtime(unsigned threads) { omp_set_num_threads(static_cast<int>(threads)); }

  template <class F>
  auto run(F&& call) {
    result_of<F> result;
#pragma omp parallel default(none) shared(call, result)
#pragma omp single
    result = value_of(call);
    return result;
  }

  class group {
   public:
    template <class F>
    void run(F call) {
#pragma omp task default(none) firstprivate(call)
      call();
    }

    void wait() {
#pragma omp taskwait
    }
  };

  template <class F, class G>
  static results_of<F, G> join(F&& f, G&& g) {
    results_of<F, G> results;
#pragma omp task default(none) shared(f, results)
    results.first = value_of(f);
    results.second = value_of(g);
#pragma omp taskwait
    return results;
  }

  template <class F>
  void run_loops(const F& call) {
    call();
  }

  template <class F>
  static void parallel_for(long first, long last, const F& body) {
#pragma omp parallel for default(none) shared(first, last, body)
    for (long i = first; i < last; ++i) body(i);
  }

  // Nothing bounds the tasks that are made ahead; those of one place run one after the other.
  template <class Source, class Transform, class Sink>
  void pipeline(long items, std::size_t tokens, const Source& source, const Transform& transform, const Sink& sink) {
    std::vector<std::uint64_t> places(tokens);
    char turn = 0;  // of the sink
#pragma omp parallel default(none) shared(items, tokens, source, transform, sink, places, turn)
#pragma omp single
    for (long i = 0; i != items; ++i) {
      std::uint64_t* const place = &places[static_cast<std::size_t>(i) % tokens];
      const std::uint64_t item = source(i);
#pragma omp task default(none) firstprivate(place, item) shared(transform) depend(out : place[0])
      *place = transform(item);
#pragma omp task default(none) firstprivate(place) shared(sink) depend(in : place[0]) depend(inout : turn)
      sink(*place);
    }
  }
};

}  // namespace suite
