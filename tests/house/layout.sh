#!/usr/bin/env bash
# layout.sh <gcc> <folder of moodycamel's header>
# Compiles all that pools are made of, with and without the checks of a checked build, and compares what the compiler says of each
# class: its size, its alignment and its bases. A field that fits into padding does not show.
set -euo pipefail

compiler=$1
moodycamel=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#include <filch/filch.hpp>\n#include "runtime/pool_core.hpp"\n' > "$work/all.cpp"

# layout_of <name> <flag>...: the classes of filch with their sizes and bases.
layout_of() {
  local name=$1
  shift
  mkdir "$work/$name"
  (cd "$work/$name" && "$compiler" -std=c++20 -c -o all.o -fdump-lang-class -I "$root/include" -I "$root/src" -isystem "$moodycamel" "$@" ../all.cpp)
  awk '/^Class / { ours = /filch/ } ours' RS= ORS='\n\n' "$work/$name"/*.class | sed 's/ (0x[0-9a-fx]*)//' > "$work/$name.classes"
}

layout_of release -DNDEBUG
layout_of checked -DFILCH_CHECKED
for class in pool_core worker slab chunk deque_ring deque_owner idle_word spare_word task_node reference_count; do
  grep -Eq "^Class filch::.*::$class(<.*>)?\$" "$work/release.classes" && continue
  echo "layout.sh: the compiler's list does not have $class" >&2
  exit 1
done
diff -u "$work/release.classes" "$work/checked.classes"
echo "the same in both: $(grep -c '^Class ' "$work/release.classes") classes"
