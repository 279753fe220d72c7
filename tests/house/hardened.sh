#!/usr/bin/env bash
# hardened.sh <libfilch.a> <compiler>
# Looks into the archive: no object asks for an executable stack, all mark their branch targets, the standard library's assertions
# and, where there is something to check, checked buffers are in use, and a shared library around the archive gives away none of
# filch's names.
set -euo pipefail

archive=$(realpath "$1")
compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
complain() {
  echo "hardened.sh: $*" >&2
  failed=1
}

cd "$work"
ar x "$archive"
for object in *.o; do
  stack=$(readelf -SW "$object" | grep -F .note.GNU-stack || true)
  [[ -n $stack && $(sed 's/.*PROGBITS//' <<< "$stack") != *X* ]] || complain "$object asks for an executable stack"
  case $("$compiler" -dumpmachine) in
    x86_64-*) marks='IBT, SHSTK' ;;
    aarch64-*) marks='BTI, PAC' ;;
    *) marks= ;;
  esac
  [[ $(readelf -nW "$object" 2> /dev/null) == *"$marks"* ]] || complain "$object does not mark its branch targets"
done
needed=$(nm -u "$archive")
[[ $needed == *__glibcxx_assert_fail* ]] || complain "the standard library's assertions are off"
# What there is to check in filch are calls of fprintf, of which clang's headers have no checked form in C++.
[[ $("$compiler" --version) == *clang* || $needed == *_chk$'\n'* ]] || complain "no buffer is checked"

"$compiler" -shared -o around.so -Wl,--whole-archive "$archive" -Wl,--no-whole-archive -Wl,--unresolved-symbols=ignore-all
given_away=$(nm -D --defined-only around.so | c++filt | grep -E ' (filch::|(typeinfo|vtable).* for filch::)' || true)
[[ -z $given_away ]] || complain "a shared library around the archive gives away:"$'\n'"$given_away"
exit $failed
