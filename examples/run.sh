#!/usr/bin/env bash
# Installs what is missing, builds and installs filch below build/examples, builds the demo against that installation as
# any other program would be, and runs it.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<'END'
examples/run.sh [--] [<argument of the demo>...]

Builds filch and the demo `wordcount`, and runs the demo in the current directory. Missing packages are installed with
apt-get first, which needs root or sudo. `examples/run.sh -- --help` shows what the demo can do.
END
  exit
fi
[[ ${1:-} == -- ]] && shift

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/packages.sh
source "$root/cmake/packages.sh"

require_packages g++ cmake ninja-build pkg-config libhwloc-dev libconcurrentqueue-dev
build=$root/build/examples
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

# Only the demo speaks on standard output.
{
  say "building filch"
  cmake -S "$root" -B "$build/filch" -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release \
    -DFILCH_BUILD_TESTS=OFF -DFILCH_BUILD_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX="$build/prefix"
  cmake --build "$build/filch"
  cmake --install "$build/filch" > "$build/install.log"

  say "building the demo against the installed filch"
  cmake -S "$root/examples/wordcount" -B "$build/wordcount" -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$build/prefix"
  cmake --build "$build/wordcount"

  say "running wordcount $*"
} >&2
exec "$build/wordcount/wordcount" "$@"
