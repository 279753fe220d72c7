// The workloads, in the order of the tables.
#pragma once

#include <string>

#include "suite/measurement.hpp"
#include "suite/workloads/cilksort.hpp"
#include "suite/workloads/fib.hpp"
#include "suite/workloads/from_outside.hpp"
#include "suite/workloads/from_producers.hpp"
#include "suite/workloads/from_worker.hpp"
#include "suite/workloads/jacobi.hpp"
#include "suite/workloads/loops.hpp"
#include "suite/workloads/matmul.hpp"
#include "suite/workloads/mixed.hpp"
#include "suite/workloads/n_queens.hpp"
#include "suite/workloads/ping.hpp"
#include "suite/workloads/pipeline.hpp"
#include "suite/workloads/skynet.hpp"
#include "suite/workloads/tree_sum.hpp"
#include "suite/workloads/uts.hpp"

namespace suite {

/// A workload for one runtime.
template <class Runtime>
struct offered_workload {
  std::string name;
  measurement (*run)(Runtime& runtime, problem_size size);
};

template <class... Workloads>
struct workload_list {
  /// Calls `visit` with each that the runtime can do.
  template <class Runtime, class F>
  static void for_each(const F& visit) {
    (offer<Workloads, Runtime>(visit), ...);
  }

 private:
  template <class Workload, class Runtime, class F>
  static void offer(const F& visit) {
    if constexpr (requires(Runtime& runtime) { Workload::run(runtime, problem_size::tiny); })
      visit(offered_workload<Runtime>{Workload::name, &Workload::template run<Runtime>});
  }
};

// Seven a line, as in the plot.
using all_workloads = workload_list<fib, skynet, n_queens, uts, tree_sum, matmul, cilksort,  //
                                    outside_submit, outside_post, producers_submit, producers_post, worker_children,
                                    worker_submit, worker_post,  //
                                    ping_awake, ping_idle, loop_empty, loop_fine, jacobi, pipeline, mixed>;

}  // namespace suite
