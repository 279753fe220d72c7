#!/usr/bin/env bash
# What takes too long for every change: hours of what tests/run.sh does for minutes, and what it leaves out.
# shellcheck disable=SC2317  # the steps are called by name
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<END
tests/soak.sh [<minutes>]

Goes through all stages of tests/run.sh, the models with a million executions of each scenario among them; then the pools' tests with
4 and 16 workers under every sanitizer, the long forms of the tests, the protocols in spin, all mutants, ten minutes of disturbed
schedules and two storms of FILCH_STORM_TASKS tasks, a hundred million by default, the coverage, other processors and machines with
other topologies; and spends the rest of the minutes (60 by default) on random programs: chosen by a fuzzer, under the address and
undefined behaviour sanitizers, and by chance. The last line is "all well" or names what was not.
END
  exit
fi
minutes=${1:-60}
[[ $minutes =~ ^[1-9][0-9]*$ ]] || { echo "soak.sh: the minutes should be a number, 1 or more" >&2; exit 2; }

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=cmake/packages.sh
source cmake/packages.sh
deadline=$((SECONDS + minutes * 60))
wrong=()

# step <name> <command>...
step() {
  local name=$1
  shift
  say "soak: $name"
  "$@" || wrong+=("$name")
}

by_chance() { FILCH_PROGRAM_SECONDS=$1 timeout -s ABRT $(($1 + 600)) build/release/tests/programs/programs_tests --gtest_filter='*random_bytes*'; }
long_forms() { FILCH_LONG_TESTS=1 timeout -s ABRT 7200 build/release/tests/runtime_tests --gtest_filter='*life_test*not_spinning'; }

wide_pools() {
  local sanitizer room steady=()
  setarch -R true 2> /dev/null && steady=(setarch -R)
  for sanitizer in tsan asan-ubsan clang-tsan clang-asan-ubsan; do
    for room in runtime time fork_join flow algorithm; do
      TSAN_OPTIONS=die_after_fork=0 FILCH_TEST_WIDTHS=4,16 timeout -s ABRT 1800 \
        "${steady[@]}" "build/$sanitizer/tests/${room}_tests" --gtest_brief=1 --gtest_filter='*_workers_*' || return
    done
  done
}
disturbed() { FILCH_PROGRAM_SECONDS=$1 timeout -s ABRT $(($1 + 600)) build/perturbed/tests/programs/programs_tests --gtest_filter='*random_bytes*'; }
storm() {
  local style tasks=${FILCH_STORM_TASKS:-100000000}
  for style in delays turns; do
    FILCH_PERTURB_STYLE=$style FILCH_STORM_TASKS=$tasks timeout -s ABRT $((600 + tasks / 10000)) \
      build/perturbed/tests/perturb/perturb_tests --gtest_filter='storm.*' || return
  done
}

step "all stages" env -u FILCH_STORM_TASKS tests/run.sh all
step "long forms" long_forms
step "protocols" tests/spin/run.sh
step "4 and 16 workers, each sanitizer" wide_pools
step "kill matrix" tests/model/kill_matrix.sh build/release/tests/model full
step "mutants" tests/model/mutants.sh
step "disturbed schedules" disturbed 600
step "storms" storm
step "coverage" tests/coverage.sh
step "other processors" tests/cross/run.sh
step "other machines" tests/machines/boot.sh
rest=$(((deadline - SECONDS) / 2))
[[ $rest -ge 60 ]] || rest=60
step "fuzzer" env FILCH_FUZZ_SECONDS="$rest" tests/run.sh fuzz
step "random programs" by_chance "$rest"

[[ ${#wrong[@]} == 0 ]] && echo "all well" && exit
printf 'not well: %s\n' "${wrong[@]}"
exit 1
