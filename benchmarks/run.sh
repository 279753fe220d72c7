#!/usr/bin/env bash
# Installs what is missing, builds the benchmarks and runs them.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<'HELP'
benchmarks/run.sh [--rounds <n>] [<room>...] [-- <argument of Google Benchmark>...]

Builds the benchmarks in build/benchmarks and runs those of the named rooms, or all. Missing packages are installed with
apt-get first, which needs root or sudo. Example: benchmarks/run.sh --rounds 3 runtime -- --benchmark_filter=fibonacci

Each room runs several times, five if --rounds does not say otherwise, taking turns with the others, and the last lines are a
table of ratios, which compares only what ran in the same round. The peers are those that are installed: oneTBB (libtbb-dev),
Boost.Asio (libboost-dev), OpenMP, Go (golang-go; in flow and time), and always std::async and a small pool.

benchmarks/run.sh suite [--quick] [--threads <n>] ...

Runs the suite instead, which compares whole runtimes workload by workload: `benchmarks/run.sh suite --help`.
HELP
  exit
fi
if [[ ${1:-} == suite ]]; then
  shift
  exec bash "$(dirname "${BASH_SOURCE[0]}")/suite/run.sh" "$@"
fi
rounds=5
if [[ ${1:-} == --rounds ]]; then
  rounds=${2:-}
  [[ $rounds =~ ^[1-9][0-9]*$ ]] || { echo "run.sh: --rounds needs a number, 1 or more" >&2; exit 2; }
  shift 2
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
  cmake -S . -B "$build" -G Ninja --log-level=NOTICE -DCMAKE_BUILD_TYPE=Release -DFILCH_BUILD_BENCHMARKS=ON \
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
  [[ -x $build/benchmarks/programs/${room}_benchmarks ]] || die "there are no benchmarks of '$room'"
done

# Go has the service: goroutines, channels and timers beside flow and time.
with_go=no
if [[ " ${rooms[*]} " == *" flow "* || " ${rooms[*]} " == *" time "* ]]; then
  if command -v go > /dev/null; then
    with_go=yes
    (cd benchmarks/go && GOCACHE=$OLDPWD/$build/go-cache GOFLAGS=-mod=mod GOPROXY=off \
      go build -buildvcs=false -o "$OLDPWD/$build/go_benchmarks" .) >&2
  else
    say "the benchmarks leave out Go: it is not installed (on Debian: golang-go)"
  fi
fi

results=$build/results
rm -rf "$results"
mkdir -p "$results"
for ((round = 1; round <= rounds; ++round)); do
  for room in "${rooms[@]}"; do
    say "benchmarks of $room, round $round of $rounds"
    part=$results/$round.$room.json
    "$build/benchmarks/programs/${room}_benchmarks" --benchmark_min_time=0.1 --benchmark_out="$part" "$@" >&2
    cat "$part" >> "$results/round $round.json"
    if [[ $with_go == yes && ($room == flow || $room == time) ]]; then
      "$build/go_benchmarks" "$room" --benchmark_out="$part" "$@" >&2
      cat "$part" >> "$results/round $round.json"
    fi
  done
done
awk -f benchmarks/ratios.awk "$results"/round\ *.json
