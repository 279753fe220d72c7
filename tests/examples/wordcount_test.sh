#!/usr/bin/env bash
# Runs the demo on trees made for it and on the system's headers. ctest runs each case:
#
#   wordcount_test.sh <case> <wordcount> <source directory of filch> <build directory of filch> <headers>
#
# CMAKE, CMAKE_GENERATOR and CXX come from the environment.
set -euo pipefail
export LC_ALL=C
unset FILCH_WORKERS CMAKE_BUILD_TYPE CXXFLAGS LDFLAGS

case=$1
wordcount=$2
source=$3
build=$4
headers=$5
place=$(mktemp -d)
trap 'chmod -R u+rwx "$place"; rm -rf "$place"' EXIT
tree=$place/tree
mkdir "$tree"

fail() {
  echo "wordcount_test.sh: $*" >&2
  cat "$place"/{out,err} >&2 2> /dev/null || true
  exit 1
}

# Put before the demo: what it is to run as, or within.
around=()

# run <status> <argument>...: runs the demo, which must end with that status; what it prints is in $place/out and err.
run() {
  local expected=$1 status=0
  shift
  "${around[@]}" "$wordcount" "$@" > "$place/out" 2> "$place/err" || status=$?
  [[ $status == "$expected" ]] || fail "status $status instead of $expected: wordcount $*"
}

prints() { grep -qF -e "$1" "$place/out" || fail "standard output lacks '$1'"; }
complains() { grep -qF -e "$1" "$place/err" || fail "standard error lacks '$1'"; }
is_silent() { [[ ! -s $place/err ]] || fail "standard error should be empty"; }

# The words of every file below a directory, one a line, by other means than the demo's.
words_below() { find -H "$1" -type f -exec cat {} + | tr -cs 'A-Za-z0-9_' '\n' | grep '^[A-Za-z_]'; }

# expect_count <directory>: what the last run printed must be what the shell counts there.
expect_count() {
  words_below "$1" | awk '{ ++count[$0] } END { for (word in count) print count[word], word }' > "$place/counts"
  sort -k1,1nr -k2,2 -o "$place/counts" "$place/counts"
  head -n 20 "$place/counts" > "$place/expected"
  awk '/^the commonest words$/ { on = 1; next } /^$/ { on = 0 } on { print $1, $2 }' "$place/out" > "$place/actual"
  diff -u "$place/expected" "$place/actual" || fail "the shell counts other words"
  prints "$(awk '{ sum += $1 } END { printf "%.0f words, %d different", sum, NR }' "$place/counts")"
  prints "$(find -H "$1" -type f -printf x | wc -c) files,"
}

# A tree with everything that a counter could stumble over: each file ends in a space, since the shell joins them.
make_tree() {
  mkdir -p "$tree/a/b c/.hidden/d" "$tree/empty"
  printf 'one two two three three three One ' > "$tree/plain"
  printf 'tie_b tie_a tie_c tie_b tie_a tie_c\r\nCRLF\r\n' > "$tree/a/ties"
  printf '9lives 0x1F _x x_9 a-b a.b don'\''t caf\303\251 nul\0nul __LINE__ 42 ' > "$tree/a/b c/odd"$'\n'"name "
  : > "$tree/a/nothing"
  printf '%.0s ' {1..100} > "$tree/a/blanks"
  for i in {1..300}; do
    printf 'word%d shared word%d\n' "$i" "$((i % 7))" > "$tree/a/b c/.hidden/d/$i.txt"
  done
  # Words across the ends of pieces of 64 KiB, and one that ends with its file.
  seq -f 'number%.0f' 1 40000 | tr '\n' ' ' > "$tree/a/long lines"
  head -c 65535 /dev/zero | tr '\0' ' ' > "$tree/a/edge"
  printf 'split_word ' >> "$tree/a/edge"
  head -c 65536 /dev/zero | tr '\0' ' ' > "$tree/a/late"
  printf 'starts_a_piece ' >> "$tree/a/late"
  { head -c 65530 /dev/zero | tr '\0' ' '; printf 'sixsix\nafter the piece '; } > "$tree/a/full"
}

case $case in
  counts_as_a_shell_does)
    make_tree
    mkfifo "$tree/a/fifo"
    for workers in 1 2 8; do
      FILCH_WORKERS=$workers run 0 "$tree"
      expect_count "$tree"
      is_silent
    done
    printf 'no newline at the end' > "$place/tree/z"
    rm -r "$tree/a" "$tree/plain"
    run 0 "$tree/"
    expect_count "$tree"
    ;;

  counts_the_headers_as_a_shell_does)
    [[ -d $headers ]] || { echo "there is no $headers"; exit 77; }
    run 0 "$headers"
    expect_count "$headers"
    ;;

  unreadable)
    make_tree
    mkdir "$tree/locked"
    echo "seen only by those who may" | tee "$tree/locked/file" > "$tree/secret"
    chmod 000 "$tree/secret" "$tree/locked"
    if [[ $EUID == 0 ]]; then  # who may read everything
      command -v setpriv > /dev/null || { echo "root cannot be kept from reading without setpriv"; exit 77; }
      around=(setpriv --reuid=65534 --regid=65534 --clear-groups)
      cp "$wordcount" "$place/wordcount"
      wordcount=$place/wordcount
      chmod 755 "$place"
    fi
    run 1 "$tree"
    complains "cannot read $tree/secret: Permission denied"
    complains "cannot read $tree/locked: Permission denied"
    prints "2 files or directories could not be read"
    chmod 755 "$tree/locked"
    rm -r "$tree/secret" "$tree/locked"
    expect_count "$tree"

    rm -r "${tree:?}"/*
    echo secret > "$tree/secret"
    chmod 000 "$tree/secret"
    run 1 "$tree"
    prints "0 files,"
    ;;

  empty)
    run 0 "$tree"
    prints "There are no files below $tree: nothing to count."
    mkdir -p "$tree/a/b"
    run 0 "$tree"
    prints "nothing to count"
    is_silent
    ;;

  missing)
    run 2 "$place/nowhere"
    complains "cannot count below '$place/nowhere': No such file or directory"
    echo text > "$place/file"
    run 2 "$place/file"
    complains "cannot count below '$place/file': it is not a directory"
    run 2 ""
    complains "cannot count below ''"
    ;;

  links)
    make_tree
    ln -s .. "$tree/a/up"
    ln -s "$tree" "$tree/a/round"
    ln -s plain "$tree/again"
    ln -s nowhere "$tree/dangling"
    ln -s loop "$tree/loop"
    run 0 "$tree"
    expect_count "$tree"
    prints "5 symbolic links were not followed"
    is_silent
    ln -s tree "$place/link"
    run 0 "$place/link"
    expect_count "$tree"
    run 2 "$tree/loop"
    complains "cannot count below '$tree/loop': Too many levels of symbolic links"
    ;;

  command_line)
    run 0 --help
    prints "wordcount [--] [DIR]"
    run 2 --twenty
    complains "there is no option '--twenty': see wordcount --help"
    run 2 "$tree" "$place"
    complains "one directory at a time: got '$tree' and '$place'"
    make_tree
    mv "$tree" "$place/-tree"
    cd "$place"
    run 0 -- -tree
    expect_count ./-tree
    ;;

  workers)
    make_tree
    FILCH_WORKERS=3 run 0 "$tree"
    prints "tasks per second"
    prints "submit to start: p50"
    files=$(find "$tree" -type f -printf x | wc -c)
    rows=$(awk '/^worker / { on = 1; next } on && $1 ~ /^[0-9]+$/ { ++rows } END { print rows }' "$place/out")
    [[ $rows == 3 ]] || fail "the table has $rows workers"
    awk -v files="$files" '$1 == "total" && $2 == files { found = 1 } END { exit !found }' "$place/out" ||
      fail "the table should count $files tasks"
    FILCH_WORKERS=banana run 2 "$tree"
    complains "banana"
    ;;

  big_file)
    # Half a GiB that takes no room on the disk, and a run that seems to have no end, in less memory than either.
    command -v prlimit > /dev/null || { echo "prlimit is not installed"; exit 77; }
    around=(prlimit --as=$((96 << 20)))
    truncate -s 512M "$tree/sparse"
    printf ' last_word ' >> "$tree/sparse"
    { head -c 128M /dev/zero | tr '\0' x; printf ' after '; } > "$tree/endless"
    { head -c 1024 /dev/zero | tr '\0' y; printf ' '; head -c 1025 /dev/zero | tr '\0' z; } > "$tree/just"
    FILCH_WORKERS=1 run 0 "$tree"
    prints "3 words, 3 different"
    prints "2 runs of more than 1024 characters were left out"
    ;;

  installed)
    "$CMAKE" --install "$build" --prefix "$place/prefix" > "$place/out"
    "$CMAKE" -S "$source/examples/wordcount" -B "$place/build" -DCMAKE_PREFIX_PATH="$place/prefix" \
      -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wconversion -Wshadow -Werror"
    "$CMAKE" --build "$place/build"
    wordcount=$place/build/wordcount
    make_tree
    run 0 "$tree"
    expect_count "$tree"
    ;;

  *)
    fail "no such case: $case"
    ;;
esac
