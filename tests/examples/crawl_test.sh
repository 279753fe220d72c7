#!/usr/bin/env bash
# Runs the crawler against the server that it starts. How long anything takes is not looked at: where answers must not be late,
# the time for them is longer than any machine needs.
#
#   crawl_test.sh <case> <crawl>
set -euo pipefail
export LC_ALL=C
unset FILCH_WORKERS

case=$1
crawl=$2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
  echo "crawl_test.sh: $*" >&2
  cat "$place"/{out,err} >&2 2> /dev/null || true
  exit 1
}

# run <status> <argument>...
run() {
  local expected=$1 status=0
  shift
  "$crawl" "$@" > "$place/out" 2> "$place/err" || status=$?
  [[ $status == "$expected" ]] || fail "status $status instead of $expected: crawl $*"
}
prints() { grep -qE -e "$1" "$place/out" || fail "standard output lacks '$1'"; }
number_before() { sed -nE "s/(.*[^0-9])?([0-9]+) $1.*/\2/p" "$place/out" | head -n 1; }
patiently=(--timeout 600s --page-timeout 3600s --slow 0 --rate 5000)

# Each attempt is a request and has an end: it brought a page, or failed in one of the ways that are listed.
expect_sums() {
  local attempts failed
  attempts=$(sed -nE 's/^attempts  ([0-9]+),.*/\1/p' "$place/out")
  failed=$(sed -nE 's/^attempts .*; failed: //p' "$place/out" | tr , '\n' | awk '{ sum += $1 } END { print sum + 0 }')
  [[ $attempts == $(($(number_before 'fetched') + failed)) ]] || fail "$attempts attempts, of which $failed failed"
  [[ $attempts == "$(number_before 'requests,')" ]] || fail "$attempts attempts, but the server has seen other requests"
}

# begin <argument>...: in the background, until it says that it crawls.
begin() {
  rm -f "$place/out"
  env --default-signal=INT "$crawl" "$@" > "$place/out" 2> "$place/err" &
  crawling=$!
  until [[ -s $place/out ]]; do
    kill -0 "$crawling" 2> /dev/null || fail "it ended before it began: crawl $*"
    sleep 0.01
  done
}
# interrupt <signal>
interrupt() {
  local status=0
  kill -s "$1" "$crawling"
  wait "$crawling" || status=$?
  [[ $status == 130 ]] || fail "status $status instead of 130 after SIG$1"
}

case $case in
  all_well)
    for workers in 1 2 5; do
      run 0 "${patiently[@]}" --fail 0 --latency 1ms --workers "$workers"
      prints '^pages     300 fetched, 0 given up, in [0-9.]+ s$'
      prints '^attempts  300, of which 0 retries$'
      prints "^threads   $workers workers and [0-9]+ spares"
      expect_sums
    done
    run 0 "${patiently[@]}" --fail 0 --requests 1
    prints '^pages     1 fetched, 0 given up'
    run 0 "${patiently[@]}" --fail 0 --requests 3000 --latency 0ms --rate 100000
    prints '^pages     3000 fetched, 0 given up'
    expect_sums
    ;;
  failures)
    run 0 "${patiently[@]}" --fail 0.4 --attempts 100
    prints '^pages     300 fetched, 0 given up'
    prints ' retries; failed: [0-9]+ connection failed, [0-9]+ answered 503$'
    [[ $(number_before retries) == $(($(number_before 'connection failed') + $(number_before 'answered 503'))) ]] ||
      fail "what failed was not always tried again"
    expect_sums
    cp "$place/out" "$place/first"
    run 0 "${patiently[@]}" --fail 0.4 --attempts 100 --workers 7
    [[ $(grep '^attempts' "$place/out") == $(grep '^attempts' "$place/first") ]] || fail "the same seed, but other failures"
    run 0 "${patiently[@]}" --fail 0.4 --attempts 100 --seed 18446744073709551615
    [[ $(grep '^attempts' "$place/out") != $(grep '^attempts' "$place/first") ]] || fail "another seed, but the same failures"
    ;;
  waiting)
    # At two a second, those that page 0 leads to have been found long before their turn.
    run 0 "${patiently[@]}" --fail 0 --latency 0ms --rate 2 --requests 6 --workers 1
    prints '^waiting   up to [2345] jobs at a time'
    # One worker, and answers that keep it waiting: others are asked for meanwhile.
    run 0 "${patiently[@]}" --fail 0 --latency 2s --requests 6 --workers 1
    prints '^          up to [2345] at a time for an answer'
    prints '^threads   1 workers and [1-9]'
    ;;
  everything_fails)
    run 1 "${patiently[@]}" --fail 1 --attempts 3 --seed 3
    prints '^pages     0 fetched, 1 given up'
    prints '^attempts  3, of which 2 retries; failed: '
    prints '^given up  1 \((connection failed|answered 503)\), the last /page/0: the server '
    expect_sums
    ;;
  no_use_trying_again)
    run 1 "${patiently[@]}" --fail 0 --bad 0.3 --attempts 3
    prints '^attempts  [0-9]+, of which 0 retries; failed: [0-9]+ answered 404, [0-9]+ malformed answer$'
    prints '^given up  [0-9]+ \(answered 404\), the last /page/[0-9]+: the server answered 404, no such page$'
    prints "^given up  [0-9]+ \(malformed answer\), the last /page/[0-9]+: '418 is no answer' is no answer of HTTP/1.1$"
    expect_sums
    ;;
  timeouts)
    run 1 --slow 1 --fail 0 --timeout 50ms --attempts 2
    prints '^attempts  2, of which 1 retries; failed: 2 no answer in time$'
    prints '^given up  1 \(no answer in time\), the last /page/0: no answer within 50 ms$'
    run 1 --slow 1 --fail 0 --timeout 600s --page-timeout 50ms
    prints '^pages     0 fetched, 1 given up'
    prints '^given up  1 \(time was up\), the last /page/0: filch: the job'
    run 0 --requests 30 --slow 0.3 --fail 0.1 --timeout 1s --attempts 100
    prints '^pages     30 fetched, 0 given up'
    prints '[1-9][0-9]* no answer in time$'
    ;;
  interrupted)
    for signal in INT TERM; do
      begin "${patiently[@]}" --fail 0 --rate 0.01 # a job that waits for its turn
      interrupt "$signal"
      prints '^pages     [01] fetched, 0 given up, [0-9]+ cut short'
    done
    begin "${patiently[@]}" --slow 1 --fail 0 # a request under way
    sleep 0.3
    interrupt INT
    prints '^pages     0 fetched, 0 given up, 1 cut short'
    for after in 0.0 0.1 0.2 0.4; do
      begin --rate 100 --requests 100000 --fail 0.5 --attempts 1000 # anything
      sleep "$after"
      interrupt INT
      prints '^pages     [0-9]+ fetched, [0-9]+ given up, [0-9]+ cut short'
    done
    ;;
  command_line)
    run 0 --help
    prints '--page-timeout T'
    for wrong in '--requests 0' '--requests x' '--requests 1000000' '--rate 0' '--rate nan' '--rate -1' '--workers 0' \
      '--workers 65' '--fail 1.1' '--fail -0.1' '--slow 2' '--bad x' '--attempts 0' '--timeout 200' '--timeout 0ms' \
      '--timeout ms' '--timeout 2h' '--page-timeout 3601s' '--latency -1ms' '--seed -1' '--seed 1.5' '--nonsense' 'a_page' \
      '--requests' '-x'; do
      # shellcheck disable=SC2086  # several words
      run 2 $wrong
      [[ $(wc -l < "$place/err") == 1 && ! -s $place/out ]] || fail "'$wrong' should be one line on standard error"
      grep -qE '^crawl: .*( takes .*, and not |--help)' "$place/err" || fail "'$wrong' is answered without a remedy"
    done
    ;;
  no_descriptors)
    status=0
    # What is open here beside the three streams is not left to it.
    (
      for number in {3..20}; do eval "exec $number>&-"; done
      exec > "$place/out" 2> "$place/err" < /dev/null
      ulimit -n 4
      exec "$crawl"
    ) &
    wait $! || status=$?
    [[ $status == 2 ]] || fail "status $status instead of 2"
    grep -q '^crawl: cannot make .* for the server: Too many open files$' "$place/err" || fail "does not say what it lacks"
    ;;
  *) fail "there is no case '$case'" ;;
esac
