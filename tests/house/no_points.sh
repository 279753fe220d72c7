#!/usr/bin/env bash
# no_points.sh <compiler> <source>...
#
# The points at which schedules can be disturbed cost a release nothing: what the compiler sees is the same text, token for token,
# as if atomics.hpp did not know of them.
set -euo pipefail
compiler=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shift

mkdir -p "$work/filch/detail/base"
sed -E '/^#ifdef FILCH_ATOMICS/,/^#else/d; /^#endif/d' "$root/include/filch/detail/base/atomics.hpp" > "$work/filch/detail/base/atomics.hpp"
if cmp -s "$root/include/filch/detail/base/atomics.hpp" "$work/filch/detail/base/atomics.hpp"; then
  echo "no_points.sh: atomics.hpp has no FILCH_ATOMICS any more" >&2
  exit 1
fi

for header in "$@"; do
  seen() { echo "#include <$header>" | "$compiler" -std=c++20 -x c++ -E -P "$@" -I "$root/include" -; }
  seen > "$work/as_it_is"
  seen -I "$work" > "$work/without"
  cmp "$work/as_it_is" "$work/without"
  if grep -q perturb "$work/as_it_is"; then
    echo "no_points.sh: $header knows of disturbed schedules" >&2
    exit 1
  fi
done
