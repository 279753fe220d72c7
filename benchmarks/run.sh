#!/usr/bin/env bash
# Installs what is missing, builds the benchmarks and runs them.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<'END'
benchmarks/run.sh [<room>...] [-- <argument of Google Benchmark>...]

Builds the benchmarks in build/benchmarks and runs those of the named rooms, or all. Missing packages are installed with
apt-get first, which needs root or sudo. Example: benchmarks/run.sh queue -- --benchmark_filter=steal
END
  exit
fi
rooms=()
while [[ $# != 0 && $1 != -- ]]; do
  rooms+=("$1")
  shift
done
[[ $# != 0 ]] && shift

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=cmake/packages.sh
source cmake/packages.sh

require_packages g++ cmake ninja-build pkg-config libhwloc-dev libconcurrentqueue-dev libbenchmark-dev
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
build=build/benchmarks
{
  cmake -S . -B "$build" -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release -DFILCH_BUILD_BENCHMARKS=ON \
    -DFILCH_BUILD_TESTS=OFF -DFILCH_BUILD_EXAMPLES=OFF
  cmake --build "$build" --target benchmarks
} >&2

if [[ ${#rooms[@]} == 0 ]]; then
  shopt -s nullglob
  for program in "$build"/benchmarks/programs/*_benchmarks; do
    program=${program##*/}
    rooms+=("${program%_benchmarks}")
  done
  [[ ${#rooms[@]} != 0 ]] || die "there are no benchmarks yet"
fi
for room in "${rooms[@]}"; do
  program=$build/benchmarks/programs/${room}_benchmarks
  [[ -x $program ]] || die "there are no benchmarks of '$room'"
  say "benchmarks of $room"
  "$program" "$@"
done
