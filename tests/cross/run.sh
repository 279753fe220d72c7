#!/usr/bin/env bash
# Builds filch and its tests for other processors, and runs them here.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<END
tests/cross/run.sh [<processor>...]

Builds filch and its tests with Debian's cross compilers, in build/cross-<processor>, and runs the tests: by default
  aarch64  under qemu's user mode, which shows that it builds and works, but not that its memory orders suffice
  i686     on this machine's own processor, with words of 32 bits
The libraries of the other processor are unpacked beside the build, not installed.
END
  exit
fi

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=cmake/packages.sh
source cmake/packages.sh
processors=("$@")
[[ $# != 0 ]] || processors=(aarch64 i686)

# The names of a processor: Debian's architecture, its folder of libraries, the package of the compiler, and the tests to leave out.
describe() {
  local names
  case $1 in
    aarch64)
      architecture=arm64 multiarch=aarch64-linux-gnu packages=(g++-aarch64-linux-gnu qemu-user)
      # These take qemu too long;
      names='a_burst_whose|many_lives|million|thousand|hardship'
      # these start their own program again, which the kernel here cannot;
      names+='|BindingDeathTest|(hooks|scheduler|shutdown)_death_test|have_fresh_pages_for_their_tasks'
      # and where these start threads in a child made by fork(), qemu itself aborts.
      names+='|the_child_may_have_a_pool_of_its_own|a_child_made_inside_a_task_may_too'
      left_out=(-E "$names")
      ;;
    i686) architecture=i386 multiarch=i386-linux-gnu packages=(g++-i686-linux-gnu) left_out=() ;;
    *) die "there is no processor '$1'. Processors: aarch64 i686" ;;
  esac
}

# apt-get for the other architecture, with lists and a record of its own.
foreign_apt() {
  apt-get -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o Dir::State="$apt/state" \
    -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=1 --quiet "$@" >&2
}

# The libraries and headers of the other processor, unpacked once.
obtain_sysroot() {
  local apt=$work/apt package
  [[ ! -e $sysroot/complete ]] || return 0
  rm -rf "$sysroot" "$apt"
  mkdir -p "$sysroot" "$apt/state/lists/partial" "$apt/cache/archives/partial"
  touch "$apt/status"
  say "unpacking the libraries of $architecture"
  foreign_apt update || say "not all package lists could be had; trying with the others"
  foreign_apt install --yes --download-only --no-install-recommends libhwloc-dev libgtest-dev libconcurrentqueue-dev libstdc++-12-dev
  for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$sysroot"
  done
  touch "$sysroot/complete"
}

failed=()
for processor in "${processors[@]}"; do
  describe "$processor"
  work=$PWD/build/cross-$processor
  sysroot=$work/sysroot
  require_packages g++ cmake ninja-build "${packages[@]}"
  mkdir -p "$work"
  obtain_sysroot
  export QEMU_LD_PREFIX=$sysroot  # for the tests that start themselves again
  if cmake -S . -B "$work" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_TOOLCHAIN_FILE="$PWD/tests/cross/toolchain.cmake" \
    -DFILCH_TRIPLET="$processor-linux-gnu" -DFILCH_MULTIARCH="$multiarch" -DFILCH_SYSROOT="$sysroot" -DFILCH_WERROR=ON \
    -DFILCH_TEST_TIMEOUT=1200 && cmake --build "$work" &&
    ctest --test-dir "$work" --output-on-failure -j2 -LE 'packages|model|matrix|house|examples' "${left_out[@]}"; then
    say "$processor: all well"
  else
    say "$processor: not well"
    failed+=("$processor")
  fi
done
[[ ${#failed[@]} == 0 ]]
