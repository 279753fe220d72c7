#!/usr/bin/env bash
# Installs what is missing, builds with coverage, runs the tests, and says which lines of filch none of them reached.
set -euo pipefail

least=95
if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<END
tests/coverage.sh

Prints a line for each file of include/ and src/ with the lines that no test reached, and the sum; then each line with a branch that
no test took, and why, which tests/unreached_branches.txt says. build/coverage has the same in HTML. The status is 0 when at least
$least % of the lines were reached and each branch that was not is explained. What runs in a process that is killed or aborts, as death
tests let it, is not counted.
END
  exit
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=cmake/packages.sh
source cmake/packages.sh
require_packages g++ cmake ninja-build pkg-config libhwloc-dev libconcurrentqueue-dev libgtest-dev gcovr
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

build=build/coverage
cmake -S . -B "$build" -G Ninja --log-level=NOTICE -DCMAKE_BUILD_TYPE=Coverage -DFILCH_BUILD_EXAMPLES=OFF -DFILCH_RELACY_INCLUDE=OFF \
  -DCMAKE_CXX_FLAGS="--coverage -fprofile-update=atomic -O0 -DNDEBUG -DFILCH_COVERAGE"
cmake --build "$build"
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" -j2 --output-on-failure -LE 'packages|model'
# branches that only an exception takes are left out: each call of what may throw has one.
gcovr --root . --filter src/ --filter include/ --exclude-throw-branches --exclude-unreachable-branches --object-directory "$build" \
  --html-details "$build/report.html" --print-summary --txt --fail-under-line "$least" "$build" 2> "$build/gcovr.log" || {
  tail "$build/gcovr.log" >&2
  exit 1
}
python3 tests/unreached_branches.py "$PWD/$build" tests/unreached_branches.txt
