#!/usr/bin/env bash
# statuses.sh <program>: what a test program tells ctest. A test that failed is never taken for one that was skipped.
set -euo pipefail

wrong=0
# expect <status> <test>
expect() {
  local status=0
  "$program" "--gtest_filter=*.$2/*" --gtest_brief=1 > /dev/null || status=$?
  [[ $status == "$1" ]] && return
  echo "statuses.sh: a test that $2 ends with $status, and should with $1" >&2
  wrong=1
}

program=$1
expect 0 passes
expect 1 fails
expect 77 is_skipped
expect 1 fails_or_is_skipped
expect 0 passes_or_is_skipped
exit $wrong
