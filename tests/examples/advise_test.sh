#!/usr/bin/env bash
# Runs the advisor for a moment. What it measures is not looked at, only that there is advice and that it fits.
#
#   advise_test.sh <case> <advise>
set -euo pipefail
export LC_ALL=C
unset FILCH_WORKERS

case=$1
advise=$2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
  echo "advise_test.sh: $*" >&2
  cat "$place"/{out,err} >&2 2> /dev/null || true
  exit 1
}

# run <status> <argument>...
run() {
  local expected=$1 status=0
  shift
  "$advise" "$@" > "$place/out" 2> "$place/err" || status=$?
  [[ $status == "$expected" ]] || fail "status $status instead of $expected: advise $*"
}
in_a_moment=(--milliseconds 10 --rounds 2 --most 4)

# Each load has one line with the advice, and its number is that of the sentence.
expect_advice() {
  local loads=$1 marked said
  marked=$(awk '/<-- advised/ { print $1 }' "$place/out")
  said=$(sed -nE 's/^use ([0-9]+) workers.*/\1/p' "$place/out")
  [[ $(wc -w <<< "$marked") == "$loads" && $marked == "$said" ]] || fail "advises '$said' and marks '$marked'"
}

case $case in
  advises)
    run 0 "${in_a_moment[@]}"
    expect_advice 2
    ;;
  own_load)
    run 0 --milliseconds 30 --rounds 2 --most 4 --compute 0 --wait 500
    expect_advice 1
    grep -q '^your load: 0 us of computing, 500 us of waiting' "$place/out" || fail "does not say what it measured"
    # Who only waits gets more done the more wait.
    [[ $(sed -nE 's/^use ([0-9]+) workers.*/\1/p' "$place/out") -ge 3 ]] || fail "tasks that only wait want as many workers as there may be"
    ;;
  picture)
    mkdir "$place/bin"
    printf '#!/bin/sh\ncat > "%s/script"\n' "$place" > "$place/bin/gnuplot"
    chmod +x "$place/bin/gnuplot"
    PATH=$place/bin:$PATH run 0 "${in_a_moment[@]}" --compute 10 --picture "it's one.svg"
    grep -qF "set output 'it''s one.svg'" "$place/script" || fail "the name of the picture is not quoted"
    [[ $(grep -cE '^[1-4] (1|0\.[0-9]+)$' "$place/script") -ge 3 && $(grep -c '^e$' "$place/script") == 1 ]] || fail "the picture lacks points"
    ;;
  no_picture)
    PATH=$place run 1 "${in_a_moment[@]}" --compute 10 --picture one.svg
    expect_advice 1
    grep -q 'gnuplot-nox' "$place/err" || fail "does not say what to install"
    ;;
  command_line)
    run 0 --help
    grep -q -- '--picture FILE' "$place/out" || fail "--help says nothing"
    for wrong in '--most 0' '--most x' '--most 5000' '--rounds 0' '--milliseconds 0' '--nonsense' 'a_file' '--most' '--compute 0 --wait 0' '--compute -1' '-x' '--picture |true'; do
      # shellcheck disable=SC2086  # several words
      run 2 $wrong
      [[ $(wc -l < "$place/err") == 1 && ! -s $place/out ]] || fail "'$wrong' should be one line on standard error"
    done
    ;;
  *) fail "there is no case '$case'" ;;
esac
