#!/usr/bin/env bash
# Installs what is missing, then builds filch and runs its tests in stages. What failed is said again at the end, and the last
# line is the sum of all stages.
set -euo pipefail

default_stages=(release tsan)
further_stages=(packages one-cpu models matrix asan-ubsan clang portable perturbed fuzz debug clang-tsan clang-asan-ubsan)

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<END
tests/run.sh [<stage>...]

Builds filch and runs its tests; missing packages are installed with apt-get first, which needs root or sudo. A test that
fails does not keep the others from running; what failed is said again at the end. The last line is "N passed, M failed"; the
status is 0 when M is 0.

By default: ${default_stages[*]}, the latter without the examples
  release      g++, warnings as errors, all tests, also the models, but for those of the stage packages
  tsan         thread sanitizer
Further: ${further_stages[*]}
  packages     builds programs outside filch in all the ways that the README names, and each header alone, of the programs of release
  one-cpu      the programs of release, confined to one CPU; not those that only build others, nor the models
  asan-ubsan   address and undefined behaviour sanitizers
  clang        clang, warnings as errors
  portable     the parking that does not need Linux
  models       the models with a million executions of each scenario at least, of the programs of release
  matrix       the kill matrix: do the models notice weaker orders and missing steps? Of the programs of release
  perturbed    a library whose protocols are disturbed at each step, with a watchdog for work that is lost
  fuzz         random programs that a fuzzer chooses, under clang's address and undefined behaviour sanitizers
  debug        unoptimised, with the checks of a checked build, as the sanitizers and the disturbed library have them
  clang-tsan, clang-asan-ubsan
               the sanitizers of clang
All of them: all

FILCH_RECORDED_TOPOLOGIES  a folder of recorded hwloc topologies, for the tests that read them
FILCH_TEST_WIDTHS=4,16     numbers of workers instead of 1, 2 and 8, for programs that are started by hand
FILCH_LONG_TESTS=1         the long forms: ten million rounds of park and unpark, a hundred thousand lives of each pool
FILCH_MODEL_EXECUTIONS=n   so many executions of each scenario of the models at least
FILCH_MODEL_PART=k/n       so many of every n-th scenario alone, from the k-th of each model on
FILCH_PROGRAM_SECONDS=n    random programs for so long instead of five seconds, thirty in the stage perturbed
FILCH_FUZZ_SECONDS=n       a fuzzer for so long instead of sixty seconds; what it finds goes to build/fuzz
FILCH_STORM_TASKS=n        so many tasks in the storm of each style in the stage perturbed instead of five million
CXX                        another compiler than g++
END
  exit
fi

stages=("$@")
in_short=
[[ $# == 0 ]] && stages=("${default_stages[@]}") && in_short=yes
[[ $* == all ]] && stages=("${default_stages[@]}" "${further_stages[@]}")

if [[ -n ${FILCH_RECORDED_TOPOLOGIES:-} ]]; then
  FILCH_RECORDED_TOPOLOGIES=$(realpath "$FILCH_RECORDED_TOPOLOGIES")
  export FILCH_RECORDED_TOPOLOGIES
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=cmake/packages.sh
source cmake/packages.sh

for stage in "${stages[@]}"; do
  [[ " ${default_stages[*]} ${further_stages[*]} " == *" $stage "* ]] ||
    die "there is no stage '$stage'. Stages: ${default_stages[*]} ${further_stages[*]}"
done

[[ ${FILCH_MODEL_PART:-1/1} =~ ^[1-9][0-9]*/[1-9][0-9]*$ ]] || die "FILCH_MODEL_PART is '$FILCH_MODEL_PART': give it k/n, such as 1/4"

require_packages g++ cmake ninja-build pkg-config libhwloc-dev libconcurrentqueue-dev libgtest-dev relacy-dev
obtain_packages libjpeg62-turbo-dev libpng-dev || say "the example thumbnails and its tests are left out"
if [[ " ${stages[*]}" =~ " clang"|" fuzz" ]]; then
  if ! clang=$(newest_clang 19) && obtain_packages clang-19 libclang-rt-19-dev; then
    clang=$(newest_clang 19)
  fi
  if [[ -z $clang ]]; then
    clang=$(newest_clang 14) || die "there is no clang 14 or newer; leave out the stages that need it: tests/run.sh release"
    say "using $clang instead"
  fi
fi
if [[ " ${stages[*]} " =~ " clang-"[a-z-]*san|" fuzz" ]]; then
  version=${clang#clang++}
  require_packages "libclang-rt${version}-dev"
fi

export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
abreast=$((2 * $(nproc)))  # many tests wait more than they work
test_timeout=300
[[ -n ${FILCH_LONG_TESTS:-}${FILCH_PROGRAM_SECONDS:-} ]] && test_timeout=$((7200 + ${FILCH_PROGRAM_SECONDS:-0}))
passed=0
failed=0
what_failed=$(mktemp)
trap 'rm -f "$what_failed"' EXIT

# The sanitizers of older compilers cannot place their shadow memory when the kernel randomises addresses too far.
steady_addresses=()
if [[ $(cat /proc/sys/vm/mmap_rnd_bits 2> /dev/null || echo 0) -gt 28 ]] && setarch -R true 2> /dev/null; then
  steady_addresses=(setarch -R)
fi

# The first CPU that this process may use.
first_cpu() { sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status; }

# That each test includes what it uses, and what they all do when they are optimised, is seen in the stages without this.
quick=-DFILCH_QUICK_TEST_BUILD=ON
# The models in short; the stage models raises what they do.
for_release=(-DFILCH_WERROR=ON "$quick" -DFILCH_MODEL_TIMES=0.25)

# Put before the commands of a stage, and what it builds.
around=()
targets=(all)

# build <preset> <compiler> [<cmake argument>...]
build() {
  local preset=$1 compiler cached
  compiler=$(command -v "$2")
  shift 2
  # CMake cannot change the compiler of a folder that it has configured before.
  cached=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "build/$preset/CMakeCache.txt" 2> /dev/null || true)
  [[ $cached == "$compiler" ]] || rm -rf "build/$preset/CMakeCache.txt" "build/$preset/CMakeFiles"

  cmake --preset "$preset" -DCMAKE_CXX_COMPILER="$compiler" -DFILCH_TEST_TIMEOUT="$test_timeout" "$@" && "${around[@]}" cmake --build --preset "$preset" --target "${targets[@]}"
}

# count <pattern>: how many lines of the report have it.
count() { grep -Ec "$1" "$report" || true; }

# run_tests <preset> [<ctest argument>...]: runs them and adds to the sums. They are counted in ctest's report, so that a
# test which skipped itself is taken neither for one that passed nor for one that could not be started.
run_tests() {
  local preset=$1 report status=0 failures
  report=$PWD/build/$preset/report.xml
  shift
  echo > "$report"
  "${around[@]}" ctest --preset "$preset" --output-junit "$report" "$@" || status=$?

  passed=$((passed + $(count '^\s*<testcase .* status="run">$')))
  failures=$(($(count '^\s*<testcase .* status="fail">$') + $(count '^\s*<skipped message="Unable to ')))
  # Whatever ctest is unhappy about is a failure, also when no test is to blame for it.
  [[ $status != 0 && $failures == 0 ]] && failures=1
  failed=$((failed + failures))
  [[ $failures == 0 ]] || awk -v stage="$stage" -f tests/failures.awk "$report" >> "$what_failed"
}

run_stage() {
  local without='packages|matrix'
  around=()
  targets=(all)
  case $1 in
    release)
      # The stage models runs more of the same.
      if [[ " ${stages[*]} " == *" models "* ]]; then without+='|model'; fi
      build release "$CXX" "${for_release[@]}" && run_tests release -j"$abreast" -LE "$without"
      ;;
    packages)
      build release "$CXX" "${for_release[@]}" && run_tests release -j1 -L packages
      ;;
    matrix)
      build release "$CXX" "${for_release[@]}" && run_tests release -j1 -L matrix
      ;;
    models)
      local -x FILCH_MODEL_EXECUTIONS=${FILCH_MODEL_EXECUTIONS:-1000000}
      build release "$CXX" "${for_release[@]}" && run_tests release -j"$(nproc)" -L '^model$'
      ;;
    one-cpu)
      build release "$CXX" "${for_release[@]}" && around=(taskset -c "$(first_cpu)") && run_tests release -j1 -LE 'packages|house|model|matrix'
      ;;
    debug)
      build debug "$CXX" -DFILCH_WERROR=ON && run_tests debug -j"$abreast" -LE 'packages|matrix'
      ;;
    tsan | asan-ubsan)
      around=("${steady_addresses[@]}")
      local examples=ON
      [[ $in_short ]] && examples=OFF
      # As clang's does by itself.
      local -x ASAN_OPTIONS=detect_stack_use_after_return=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}
      build "$1" "$CXX" "$quick" -DFILCH_BUILD_EXAMPLES="$examples" && run_tests "$1" -j"$abreast"
      ;;
    clang)
      build clang "$clang" -DFILCH_WERROR=ON && run_tests clang -j"$abreast" -LE 'packages|model|matrix'
      ;;
    portable)
      targets=(park_tests runtime_tests)
      build portable "$CXX" -DFILCH_WERROR=ON && run_tests portable -j"$abreast" -L 'park|runtime'
      ;;
    perturbed)
      local -x FILCH_STORM_TASKS=${FILCH_STORM_TASKS:-5000000} FILCH_PROGRAM_SECONDS=${FILCH_PROGRAM_SECONDS:-30}
      local test_timeout=$((test_timeout + 600 + FILCH_STORM_TASKS / 10000))
      targets=(park_tests perturb_tests programs_tests)
      build perturbed "$CXX" -DFILCH_WERROR=ON && run_tests perturbed -j"$(nproc)" -L 'park|perturb|programs'
      ;;
    fuzz)
      around=("${steady_addresses[@]}")
      targets=(programs_fuzz)
      local test_timeout=$((test_timeout + ${FILCH_FUZZ_SECONDS:-60}))
      build fuzz "$clang" && run_tests fuzz -L fuzz
      ;;
    clang-tsan | clang-asan-ubsan)
      around=("${steady_addresses[@]}")
      # Tests exchange operators, which clang's runtime has as well: only as a shared library does it give way.
      local runtime
      # Children of fork() start threads here, which clang's thread sanitizer ends unless it is told not to.
      local -x TSAN_OPTIONS=die_after_fork=0${TSAN_OPTIONS:+ $TSAN_OPTIONS}
      runtime=$(dirname "$("$clang" --print-file-name="libclang_rt.asan-$(uname -m).so")")
      build "$1" "$clang" -DCMAKE_EXE_LINKER_FLAGS="-shared-libsan -Wl,-rpath,$runtime" && run_tests "$1" -j"$abreast"
      ;;
  esac
}

for stage in "${stages[@]}"; do
  say "stage $stage"
  began=$SECONDS
  passed_before=$passed
  failed_before=$failed
  if ! run_stage "$stage"; then
    say "stage $stage could not be built; that counts as one failure"
    echo "$stage: could not be built" >> "$what_failed"
    failed=$((failed + 1))
  fi
  say "stage $stage took $((SECONDS - began)) s: $((passed - passed_before)) passed, $((failed - failed_before)) failed"
done

if [[ $failed != 0 ]]; then
  say "the end of what the tests that failed printed:"
  tail -n 150 "$what_failed"
  say "failed:"
  grep -v '^    ' "$what_failed" || say "ctest was unhappy, and no test is to blame"
fi
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
