// What a runtime can do. A workload asks for what it needs, and a runtime without it is left out of that workload.
//
// Every runtime is made with its number of threads and has a `name`. Of the rest it has what its users would write, no
// imitation of what it lacks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace suite {

using any_call = long (*)();

/// In `run(f)`: `group` has run(f) and wait().
template <class Runtime>
concept group_runtime = requires(any_call f, typename Runtime::group group) {
  group.run(f);
  group.wait();
};

/// `run(f)` calls f on a worker and returns its result. There `join(f, g)` calls both, at the same time if it can be, and
/// returns the pair of their results; for more branches it has a `group`, or `fan_out(first, last, child)`, or both.
template <class Runtime>
concept fork_join_runtime = requires(Runtime& runtime, any_call f, void (*child)(std::size_t)) {
  runtime.run(f);
  Runtime::join(f, f);
  requires group_runtime<Runtime> || requires { Runtime::fan_out(std::size_t{0}, std::size_t{1}, child); };
};

/// `run(f)` as above, and in it `parallel_for(first, last, body)`, which calls body(i) for each index.
template <class Runtime>
concept loop_runtime = requires(Runtime& runtime, any_call f, void (*body)(long)) {
  runtime.run(f);
  Runtime::parallel_for(0L, 1L, body);
};

/// `round_trip(f)` from outside: f is called by another thread, and its result awaited.
template <class Runtime>
concept round_trip_runtime = requires(Runtime& runtime, any_call f) {
  runtime.round_trip(f);
};

/// `submit(f)` from any thread queues f and returns a future, of which get() is asked.
template <class Runtime>
concept future_runtime = requires(Runtime& runtime, any_call f) {
  runtime.submit(f).get();
};

/// The same, and its workers may wait for futures, however few they are.
template <class Runtime>
concept nesting_future_runtime = future_runtime<Runtime> && Runtime::workers_may_wait;

/// `post(f)` from any thread queues f, and nobody is told when it has run.
template <class Runtime>
concept posting_runtime = requires(Runtime& runtime, any_call f) {
  runtime.run(f);
  runtime.post(f);
};

/// `pipeline(items, tokens, source, transform, sink)`: source(0), source(1) and so on in this order, transform() of each result
/// at the same time as others, sink() of the results in the order of the source; not more than `tokens` items are under way.
template <class Runtime>
concept pipeline_runtime = requires(Runtime& runtime, std::uint64_t (*source)(long), std::uint64_t (*transform)(std::uint64_t),
                                    void (*sink)(std::uint64_t)) {
  runtime.pipeline(1L, std::size_t{1}, source, transform, sink);
};

/// Calls f where loops may be written. Only a runtime whose loops are at home outside its tasks has a place of its own for
/// them.
template <loop_runtime Runtime, class F>
void run_loops(Runtime& runtime, const F& f) {
  if constexpr (requires { runtime.run_loops(f); })
    runtime.run_loops(f);
  else
    runtime.run(f);
}

}  // namespace suite
