#!/usr/bin/env bash
# Builds a small house with one include in it, and checks whether floors.sh lets it pass.
set -euo pipefail

floors=$(dirname "${BASH_SOURCE[0]}")/floors.sh
house=$(mktemp -d)
trap 'rm -rf "$house"' EXIT
failures=0

# expect allowed|refused <file> <include>
expect() {
  rm -rf "${house:?}"/*
  mkdir -p "$house/$(dirname "$2")"
  printf '#pragma once\n#include %s\n' "$3" > "$house/$2"
  local verdict=allowed
  bash "$floors" "$house" > "$house/verdict" || verdict=refused
  if [[ $verdict != "$1" || ($1 == refused && $(< "$house/verdict") != "$2:2: "*) ]]; then
    echo "$2 with #include $3 should be $1; floors.sh says: $verdict $(< "$house/verdict")"
    failures=$((failures + 1))
  fi
}

expect allowed include/filch/task/future.hpp '<filch/base/version.hpp>'
expect allowed include/filch/detail/task/state.hpp '<filch/task/future.hpp>'
expect allowed include/filch/detail/task/state.hpp '"filch/detail/park/parker.hpp"'
expect allowed src/task/future.cpp '"waiter.hpp"'
expect allowed src/task/future.cpp '<memory>'
expect allowed src/task/future.cpp '<sys/mman.h>'
expect allowed include/filch/filch.hpp '<filch/observe/trace.hpp>'
expect allowed tests/runtime/submit_test.cpp '<filch/filch.hpp>'
expect allowed examples/hello/main.cpp '<filch/filch.hpp>'
expect allowed src/topology/hwloc.cpp '<hwloc.h>'
expect allowed src/topology/detect.cpp '"topology/hwloc.hpp"'
expect allowed src/queue/injection.cpp '<concurrentqueue.h>'

expect refused include/filch/task/future.hpp '<filch/runtime/scheduler.hpp>'
expect refused include/filch/detail/task/state.hpp '"filch/detail/runtime/worker.hpp"'
expect refused src/queue/injection.cpp '<filch/detail/park/parker.hpp>'
expect refused src/queue/injection.cpp '"park/parker.hpp"'
expect refused src/queue/injection.cpp '"../park/parker.hpp"'
expect refused src/algorithm/sort.cpp '  <filch/flow/retry.hpp>'
expect refused src/runtime/worker.cpp '<filch/filch.hpp>'
expect refused tests/task/future_test.cpp '<filch/runtime/scheduler.hpp>'
expect refused tests/task/future_test.cpp '<filch/filch.hpp>'
expect refused benchmarks/queue/deque.cpp '<filch/runtime/scheduler.hpp>'
expect refused src/topology/detect.cpp '<hwloc.h>'
expect refused tests/topology/plan_test.cpp '<hwloc/linux.h>'
expect refused include/filch/detail/queue/injection.hpp '<concurrentqueue.h>'
expect refused src/runtime/worker.cpp '<concurrentqueue/moodycamel/concurrentqueue.h>'

[[ $failures == 0 ]] && echo "floors.sh judges every case right"
