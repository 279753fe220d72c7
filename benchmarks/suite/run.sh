#!/usr/bin/env bash
# Installs what Debian has of the runtimes, builds the suite, runs it in turns, and prints what it found.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<'HELP'
benchmarks/run.sh suite [<option>...]

Builds a program for each runtime in build/suite and runs them in turns, workload by workload: filch, oneTBB, OpenMP of gcc and
of clang, Boost.Asio, Go, std::async, and the work without a scheduler. Each answer is checked; a wrong one is a failure.
Missing packages are installed with apt-get first, which needs root or sudo; a runtime that cannot be had is left out.

  --quick            problems of 10 to 200 ms instead of those of the published suites
  --threads <n>      so many workers; one a hardware thread otherwise
  --rounds <n>       so many rounds, five otherwise; in each a program measures once, after a repetition that is not measured
  --limit <seconds>  a program that takes longer is ended, and left out of that workload; 120 otherwise. For filch it
                     is a failure: it may have lost a task
  --workload <name>  this one only; may be given several times, as the two below
  --runtime <name>   this one only
  --compiler <name>  build all by this one; otherwise g++ builds all, and clang, if it is there, OpenMP

What it writes to build/suite: results.json, all measurements with the processors that were used and the peak of memory;
table.md, which it prints; suite.svg, the ratios as bars.
HELP
  exit
fi

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=cmake/packages.sh
source cmake/packages.sh

rounds=5
limit=120
threads=$(nproc)
size=()
workloads=()
runtimes=()
compilers=()
require_number() { [[ $2 =~ ^[1-9][0-9]*$ ]] || die "$1 needs a number, 1 or more"; }
while [[ $# != 0 ]]; do
  if [[ $1 == --quick ]]; then
    size=(--quick)
    shift
    continue
  fi
  [[ $# -ge 2 ]] || die "there is no option $1, or it needs a value: see benchmarks/run.sh suite --help"
  case $1 in
    --rounds) require_number "$@" && rounds=$2 ;;
    --threads) require_number "$@" && threads=$2 ;;
    --limit) require_number "$@" && limit=$2 ;;
    --workload) workloads+=("$2") ;;
    --runtime) runtimes+=("$2") ;;
    --compiler) compilers+=("$2") ;;
    *) die "there is no option $1: see benchmarks/run.sh suite --help" ;;
  esac
  shift 2
done

require_packages g++ cmake ninja-build pkg-config libhwloc-dev libconcurrentqueue-dev libbenchmark-dev
for package in libtbb-dev libboost-dev golang-go gnuplot-nox; do
  obtain_packages "$package" || say "going on without it"
done
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
build=$PWD/build/suite
mkdir -p "$build"

# build_with <compiler> <target>
build_with() {
  local tree=$build/${1##*/}
  {
    cmake -S . -B "$tree" -G Ninja --log-level=NOTICE -DCMAKE_CXX_COMPILER="$1" -DCMAKE_BUILD_TYPE=Release \
      -DFILCH_BUILD_BENCHMARKS=ON -DFILCH_BUILD_TESTS=OFF -DFILCH_BUILD_EXAMPLES=OFF
    cmake --build "$tree" --target "$2"
  } >&2
}

folders=()
if [[ ${#compilers[@]} == 0 ]]; then
  build_with "$CXX" suite
  folders+=("$build/${CXX##*/}")
  if clang=$(newest_clang 19) && [[ $clang != "$CXX" ]] && obtain_packages "libomp${clang#clang++}-dev"; then
    build_with "$clang" suite_openmp
    folders+=("$build/$clang")
  else
    say "going on without clang's OpenMP"
  fi
fi
for compiler in "${compilers[@]}"; do
  build_with "$compiler" suite
  folders+=("$build/${compiler##*/}")
done

programs=()
for runtime in filch filch_help filch_unpinned tbb openmp asio std_async serial; do
  for folder in "${folders[@]}"; do
    program=$folder/benchmarks/programs/suite_$runtime
    if [[ -x $program ]]; then programs+=("$program"); fi
  done
done
if has_package golang-go; then
  (cd benchmarks/suite/runtimes/go && GOCACHE=$build/go-cache GOFLAGS=-mod=mod GOPROXY=off \
    go build -buildvcs=false -o "$build/suite_go" .) >&2
  programs+=("$build/suite_go")
fi

# Whether a list that may be empty, which stands for all, has a name: among <name> <list>...
among() {
  local name=$1
  shift
  [[ $# == 0 || " $* " == *" $name "* ]]
}

records=$build/records
: > "$records"
left_out=()
failures=()
mapfile -t all_workloads < <("${folders[0]}/benchmarks/programs/suite_serial" --list)
declare -A lists
for program in "${programs[@]}"; do
  lists[$program]=$("$program" --list | tr '\n' ' ')
done

# take_turn <program> <workload> <round>
take_turn() {
  local status=0
  timeout "$limit" "$1" --workload "$2" --round "$3" --threads "$threads" "${size[@]}" >> "$records" || status=$?
  [[ $status == 0 ]] && return
  lists[$1]=" ${lists[$1]} "
  lists[$1]=${lists[$1]/ $2 / }
  if [[ $status == 124 && $1 != */suite_filch* ]]; then
    left_out+=("$2 of ${1#"$build"/} has not ended within $limit s")
  else
    failures+=("$2 of ${1#"$build"/}: status $status, which is a wrong answer (1), no end within $limit s (124) or a failure")
  fi
}

for workload in "${all_workloads[@]}"; do
  among "$workload" "${workloads[@]}" || continue
  for ((round = 1; round <= rounds; ++round)); do
    say "$workload, round $round of $rounds"
    for program in "${programs[@]}"; do
      among "${program##*/suite_}" "${runtimes[@]}" || continue
      [[ " ${lists[$program]} " == *" $workload "* ]] || continue
      take_turn "$program" "$workload" "$round"
    done
  done
done
[[ -s $records ]] || die "nothing was measured: see the names in benchmarks/run.sh suite --help and suite_serial --list"

sed '1s/^/[/; $!s/$/,/; $s/$/]/' "$records" > "$build/results.json"
awk -f benchmarks/suite/records.awk -f benchmarks/suite/table.awk "$records" | tee "$build/table.md"
if has_package gnuplot-nox; then
  awk -v picture="$build/suite.svg" -f benchmarks/suite/records.awk -f benchmarks/suite/plot.awk "$records" | gnuplot
fi
for each in "${left_out[@]}" "${failures[@]}"; do say "$each"; done
[[ ${#failures[@]} == 0 ]]
