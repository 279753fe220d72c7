#!/usr/bin/env bash
# layout.sh <gcc> <folder of moodycamel's header>
# Compiles all that pools are made of, with and without the checks of a checked build, and compares what the debugging information
# says of each class: size, alignment, bases, virtual functions, and each field with its place and type.
set -euo pipefail

compiler=$1
moodycamel=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/all.cpp" <<END
#include <filch/filch.hpp>
#include "runtime/pool_core.hpp"
#include "flow/admission_state.hpp"
#include "time/timers.hpp"

// The classes of tasks come with what they call.
int use(filch::scheduler& pool, std::vector<int>& numbers) {
  pool.post([] {});
  (void)filch::submit_after(pool, std::chrono::seconds(1), [] {});
  (void)filch::submit_every(pool, std::chrono::seconds(1), [] {});
  filch::admission_gate gate({.capacity = 1});
  (void)filch::submit(pool, {.gate = &gate, .timeout = std::chrono::seconds(1)}, [] {});
  pool.post_bulk(numbers, [](int) {});
  for (auto& each : filch::map(pool, numbers, [](int number) { return number; })) (void)each;
  filch::task_group group(pool);
  group.run([] {});
  return pool.submit([] { return 1; }).get() + pool.submit_bulk(numbers, [](int number) { return number; })[0].get();
}
END

# layout_of <name> <flag>...: what is said of the classes of filch.
layout_of() {
  local name=$1
  shift
  "$compiler" -std=c++20 -g -gdwarf-4 -fno-eliminate-unused-debug-types -femit-class-debug-always -c -o "$work/$name.o" \
    -I "$root/include" -I "$root/src" -isystem "$moodycamel" "$@" "$work/all.cpp"
  readelf -wi "$work/$name.o" > "$work/$name.information" 2> /dev/null
  awk -f "$here/layout.awk" "$work/$name.information" "$work/$name.information" | sort -u > "$work/$name.layout"
}

layout_of release -DNDEBUG
layout_of checked -DFILCH_CHECKED
grep -q '::task_node\.owner at [0-9]*: const_type pointer_type .*task_owner' "$work/release.layout" || {
  echo "layout.sh: fields and their types are not understood in what this compiler says" >&2
  exit 1
}
for class in timers series_of pool_core worker group_state slab chunk deque_ring deque_owner idle_word spare_word task_node reference_count submitted_task job job_of admission_state map_window map_stream work_watch fork_context stack_job; do
  grep -Eq "::$class(<.*>)? size " "$work/release.layout" && continue
  echo "layout.sh: the debugging information does not have $class" >&2
  exit 1
done
diff -u "$work/release.layout" "$work/checked.layout"
echo "the same in both: $(grep -c ' size ' "$work/release.layout") classes, $(grep -c ' at ' "$work/release.layout") fields and bases"
