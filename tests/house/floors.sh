#!/usr/bin/env bash
# The floors of the house: a file includes its own room or a lower floor, and nothing else of filch; hwloc and moodycamel
# each stay behind their one door. Prints every include that breaks this, and fails if there is one.
#
#   floors.sh [<root of the repository>]
set -euo pipefail

cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"
folders=()
for folder in include src tests benchmarks examples; do
  [[ -d $folder ]] && folders+=("$folder")
done

# shellcheck disable=SC2016  # the dollars are awk's
find "${folders[@]}" -type f \( -name '*.hpp' -o -name '*.h' -o -name '*.cpp' -o -name '*.cc' \) -print0 | sort -z |
  xargs -0 awk '
    BEGIN {
      split("base|queue park memory topology probe|task|runtime|fork_join coro time|algorithm flow graph|observe|profiler",
            storeys, "|")
      for (i in storeys) {
        split(storeys[i], rooms, " ")
        for (j in rooms) floor_of[rooms[j]] = i - 1
      }
      all = "filch.hpp"
      floor_of[all] = 7
    }

    function complain(what) {
      printf "%s:%d: %s\n", FILENAME, FNR, what
      broken = 1
    }

    # The room in which a path without include/, src/, filch/ and detail/ lies; "" when it is not a path of filch.
    function room_in(path) {
      sub(/^(include|src|tests|benchmarks)\//, "", path)
      while (sub(/^(\.\.?|filch|detail)\//, "", path)) {}
      if (path == all) return all
      if (path !~ /\//) return ""
      sub(/\/.*/, "", path)
      return path in floor_of ? path : ""
    }

    FNR == 1 {
      place = FILENAME
      sub(/\/.*/, "", place)
      is_shipped = place == "include" || place == "src"
      room = room_in(FILENAME)
      if (is_shipped && room == "") complain("this folder is no room of the house")
    }

    /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
      path = $0
      sub(/^[^<"]*[<"]/, "", path)
      sub(/[>"].*/, "", path)

      if (path ~ /^hwloc(\.h$|\/)/ && FILENAME != "src/topology/hwloc.cpp")
        complain("hwloc is included in src/topology/hwloc.cpp only")
      if (path ~ /(^|\/)(blockingconcurrentqueue|concurrentqueue|lightweightsemaphore)\.h$/ && FILENAME !~ /^src\/queue\//)
        complain("moodycamel is included in src/queue only")

      target = room_in(path)
      if (target == "" || room == "" || room == all || target == room) next
      # From the runtime upwards, a test may look at the house as its users do.
      if (target == all && !is_shipped && floor_of[room] >= floor_of["runtime"]) next
      if (floor_of[target] >= floor_of[room])
        complain(sprintf("%s (floor %d) includes %s (floor %d)", room, floor_of[room], target, floor_of[target]))
    }

    END { exit broken }
  '
