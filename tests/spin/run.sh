#!/usr/bin/env bash
# Checks the protocols of sleep and wake and of shutdown with spin: every interleaving of submitters, workers and a closer, with
# store buffers, and that each step is needed. The status is 0 when the protocols hold and every version that lacks a step does not.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/packages.sh
source "$here/../../cmake/packages.sh"
require_packages g++ spin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# holds <protocol> <define>...: whether no execution breaks the assertion.
holds() {
  local protocol=$1
  shift
  rm -f pan pan.log
  spin -a "${@/#/-D}" "$here/$protocol.pml" > spin.log || { cat spin.log >&2; die "spin cannot read $protocol.pml"; }
  gcc -w -O2 -DSAFETY -DMEMLIM=8192 -o pan pan.c
  ./pan -m1000000 > pan.log
  grep -E 'errors: |states, stored' pan.log | tr -s ' \n' ' '
  grep -q 'max search depth too small' pan.log && die "the search was cut short"
  grep -q 'errors: 0' pan.log
}

wrong=0
# expect_to_hold <protocol> <define>...
expect_to_hold() {
  printf '%s: ' "$*"
  if holds "$@"; then echo "holds"; else echo "DOES NOT HOLD" && wrong=1; fi
}
# expect_to_break <protocol> <define>
expect_to_break() {
  printf '%s: ' "$*"
  if holds "$@"; then echo "HOLDS: the step is not needed, or not seen" && wrong=1; else echo "breaks, as it should"; fi
}

expect_to_hold sleep_wake TASKS=3 WORKERS=2
expect_to_hold sleep_wake TASKS=2 WORKERS=3
expect_to_hold sleep_wake TASKS=4 WORKERS=2
for missing in NO_SUBMIT_FENCE NO_RECHECK NO_CHAIN NO_CLAIM_COUNT STRAY_TOKEN; do
  expect_to_break sleep_wake "$missing"
done
expect_to_hold shutdown
expect_to_hold shutdown WORKERS=1
for missing in NO_MARK_FENCE NO_MARK_WAIT NO_QUIESCENCE SPAWNED_FIRST FINISHED_FIRST; do
  expect_to_break shutdown "$missing"
done
exit $wrong
