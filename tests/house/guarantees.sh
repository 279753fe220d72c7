#!/usr/bin/env bash
# Each check that src/GUARANTEES.md names exists: a test, or a scenario of a model.
#
#   guarantees.sh [<root of the repository>]
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"

# Names of tests have underscores; scenarios are said in words, after "<name> model:".
known=$(mktemp)
trap 'rm -f "$known"' EXIT
{
  sed -nE 's/^(TEST|TEST_F|TEST_P)\([a-z_]+, ([a-z_0-9]+)\).*/\2/p' tests/*/*_test.cpp
  sed -nE 's/.*(executed|searched)<([a-z_]+)>\(.*/\2/p' tests/model/*_model.cpp | tr _ ' '
  sed -nE 's/.*(executed|searched)<[a-z_]+>\("([^"]*)".*/\2/p' tests/model/*_model.cpp
} | sort -u > "$known"

missing=0
named=0
# The last column of each row that is not a heading.
while IFS= read -r name; do
  named=$((named + 1))
  grep -qxF -- "$name" "$known" && continue
  echo "src/GUARANTEES.md names a check that does not exist: $name"
  missing=1
done < <(grep -E '^\|' src/GUARANTEES.md | grep -vE '^\|(---| operation | promise )' | sed -E 's/ \|$//; s/.*\| //' | grep -oE '`[^`]+`' | tr -d '`')
[[ $named -ge 40 ]] || { echo "src/GUARANTEES.md names $named checks: has its form changed?"; missing=1; }
exit $missing
