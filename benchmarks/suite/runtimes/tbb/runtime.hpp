// oneTBB. In run() the caller enters an arena of `threads` places, takes one of them and is a worker itself, as it is meant to
// be used. What comes from outside is enqueued to another arena, of which each place is a thread of oneTBB's. It has no
// futures: a result comes by a std::promise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <type_traits>
#include <utility>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include "suite/results.hpp"

namespace suite {

class tbb_runtime {
 public:
  static constexpr const char* name = "tbb";
  static constexpr bool workers_may_wait = false;  // in a promise they sleep

  // The limit counts the caller's thread as well.
  explicit tbb_runtime(unsigned threads)
      : limit_(tbb::global_control::max_allowed_parallelism, threads + 1),
        inside_(static_cast<int>(threads), 1),
        outside_(static_cast<int>(threads), 0) {}

  template <class F>
  auto run(F&& call) {
    return inside_.execute(std::forward<F>(call));
  }

  using group = tbb::task_group;

  template <class F, class G>
  static results_of<F, G> join(F&& f, G&& g) {
    results_of<F, G> results;
    tbb::task_group group;
    group.run([&] { results.first = value_of(f); });
    results.second = value_of(g);
    group.wait();
    return results;
  }

  template <class F>
  static void parallel_for(long first, long last, const F& body) {
    tbb::parallel_for(first, last, body);
  }

  template <class F>
  auto round_trip(F&& call) {
    return submit(std::forward<F>(call)).get();
  }

  template <class F>
  auto submit(F call) {
    promised_call<F> promised{std::move(call), {}};
    auto future = promised.promise.get_future();
    outside_.enqueue(std::move(promised));
    return future;
  }

  template <class F>
  void post(F&& call) {
    outside_.enqueue(std::forward<F>(call));
  }

  template <class Source, class Transform, class Sink>
  void pipeline(long items, std::size_t tokens, const Source& source, const Transform& transform, const Sink& sink) {
    long next = 0;
    const auto take = [&](tbb::flow_control& control) {
      if (next == items) control.stop();
      return next == items ? std::uint64_t{0} : source(next++);
    };
    inside_.execute([&] {
      tbb::parallel_pipeline(tokens, tbb::make_filter<void, std::uint64_t>(tbb::filter_mode::serial_in_order, take) &
                                         tbb::make_filter<std::uint64_t, std::uint64_t>(tbb::filter_mode::parallel, transform) &
                                         tbb::make_filter<std::uint64_t, void>(tbb::filter_mode::serial_in_order, sink));
    });
  }

 private:
  // oneTBB calls what was enqueued as const.
  template <class F>
  struct promised_call {
    void operator()() const { promise.set_value(call()); }

    F call;
    mutable std::promise<std::invoke_result_t<const F&>> promise;
  };

  tbb::global_control limit_;
  tbb::task_arena inside_;
  tbb::task_arena outside_;
};

}  // namespace suite
