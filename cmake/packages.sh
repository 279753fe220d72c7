# shellcheck shell=bash
# The packages that a script needs, and getting the missing ones. Sourced by the run.sh scripts.
#
# What counts is what the compiler and the shell can find, not what a package manager has on record: where everything is
# found, nothing is installed, and neither root nor a network is needed.

# Debian's name of each package, and what it is to somebody whose system calls it differently.
declare -A what_is=(
  [g++]="a C++20 compiler"
  [cmake]="CMake 3.22 or newer"
  [ninja-build]="Ninja"
  [pkg-config]="pkg-config"
  [libhwloc-dev]="hwloc with its headers"
  [libconcurrentqueue-dev]="moodycamel's concurrentqueue.h"
  [libgtest-dev]="GoogleTest"
  [relacy-dev]="the Relacy race detector"
  [libbenchmark-dev]="Google Benchmark"
  [clang-19]="clang 19 or newer"
  [libtbb-dev]="oneTBB with its headers"
  [libboost-dev]="Boost's headers"
  [golang-go]="Go"
  [gnuplot-nox]="gnuplot"
  [libjpeg62-turbo-dev]="libjpeg with its header"
  [libpng-dev]="libpng with its header"
  [gcovr]="gcovr, which reads gcc's coverage"
  [spin]="the model checker spin"
  [qemu-system-x86]="qemu for whole machines"
  [qemu-user]="qemu for programs of other processors"
  [g++-aarch64-linux-gnu]="a compiler for aarch64"
  [g++-i686-linux-gnu]="a compiler for i686"
  [busybox-static]="busybox, linked statically"
)

export CXX=${CXX:-g++}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# The newest clang++ from the given major version on, as a command name.
newest_clang() {
  local version
  for version in {30..10}; do
    if [[ $version -ge $1 ]] && command -v "clang++-$version" > /dev/null; then
      echo "clang++-$version"
      return
    fi
  done
  if version=$(clang++ -dumpversion 2> /dev/null) && [[ ${version%%.*} -ge $1 ]]; then
    echo clang++
    return
  fi
  return 1
}

# Whether the compiler sees one of these headers, also in the places that CMake will be told to search.
has_header() {
  local header prefix test=0 search=() prefixes=()
  IFS=: read -ra prefixes <<< "${CMAKE_PREFIX_PATH:-}"
  for prefix in "${prefixes[@]}"; do
    search+=(-isystem "$prefix/include")
  done
  for header in "$@"; do
    test+=" || __has_include(<$header>)"
  done
  printf '#if !(%s)\n#error missing\n#endif\n' "$test" | "$CXX" "${search[@]}" -std=c++20 -E -x c++ - > /dev/null 2>&1
}

has_package() {
  local version
  case $1 in
    g++) has_header coroutine ;;
    cmake)
      version=$(cmake --version 2> /dev/null) && [[ $version =~ ([0-9]+)\.([0-9]+) ]] &&
        ((BASH_REMATCH[1] > 3 || (BASH_REMATCH[1] == 3 && BASH_REMATCH[2] >= 22)))
      ;;
    ninja-build) command -v ninja > /dev/null ;;
    pkg-config) command -v pkg-config > /dev/null ;;
    libhwloc-dev) has_header hwloc.h ;;
    libconcurrentqueue-dev)
      has_header concurrentqueue.h {concurrentqueue,moodycamel,concurrentqueue/moodycamel}/concurrentqueue.h
      ;;
    libgtest-dev) has_header gtest/gtest.h ;;
    relacy-dev) has_header relacy/relacy.hpp ;;
    libbenchmark-dev) has_header benchmark/benchmark.h ;;
    libjpeg62-turbo-dev) has_header jpeglib.h ;;
    libpng-dev) has_header png.h ;;
    clang-19) newest_clang 19 > /dev/null ;;
    libtbb-dev) has_header oneapi/tbb/version.h ;;
    libboost-dev) has_header boost/asio/thread_pool.hpp ;;
    golang-go) command -v go > /dev/null ;;
    gnuplot-nox) command -v gnuplot > /dev/null ;;
    libomp-dev | libomp-*-dev)
      version=${1//[!0-9]/}
      printf '#include <omp.h>\nint main() { return omp_in_parallel(); }\n' |
        "clang++${version:+-$version}" -fopenmp -x c++ - -o /dev/null 2> /dev/null
      ;;
    gcovr | spin) command -v "$1" > /dev/null ;;
    qemu-user) command -v qemu-aarch64 > /dev/null ;;
    g++-*-linux-gnu) version=${1#g++-} && command -v "$version-g++" > /dev/null ;;
    qemu-system-x86) command -v qemu-system-x86_64 > /dev/null ;;
    busybox-static) command -v busybox > /dev/null && ! ldd "$(command -v busybox)" > /dev/null 2>&1 ;;
    libclang-rt-*-dev)
      version=${1//[!0-9]/}
      echo 'int main() {}' | "clang++${version:+-$version}" -fsanitize=thread -x c++ - -o /dev/null 2> /dev/null
      ;;
    *) die "packages.sh does not know how to look for $1" ;;
  esac
}

# missing_of <package>...: those of them that are not there, one a line.
missing_of() {
  local package
  for package in "$@"; do
    has_package "$package" || echo "$package"
  done
}

# Names each package and what it is, for a sentence.
described() {
  local package list=
  for package in "$@"; do
    list+="${list:+, }$package${what_is[$package]:+ (${what_is[$package]})}"
  done
  echo "$list"
}

apt_install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-remove --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" >&2
}

# obtain_packages <package>...: installs what is missing of them. Returns 1, having said why, where that is not possible.
apt_lists_are_fresh=no
obtain_packages() {
  local missing as_root=() package
  mapfile -t missing < <(missing_of "$@")
  [[ ${#missing[@]} == 0 ]] && return

  if [[ " ${missing[*]} " == *" g++ "* && $CXX != g++ ]]; then
    say "CXX names $CXX, which is no C++20 compiler on this system: unset it, or name another one."
    return 1
  fi
  if ! command -v apt-get > /dev/null; then
    say "missing: $(described "${missing[@]}"). These are Debian's names; this system has no apt-get, so please" \
      "install what it calls them, and run this again."
    return 1
  fi
  if [[ $EUID != 0 ]]; then
    if command -v sudo > /dev/null && { [[ -t 0 ]] || sudo -n true 2> /dev/null; }; then
      as_root=(sudo)
    else
      say "missing: $(described "${missing[@]}"). Only root can install them: apt-get install ${missing[*]}"
      return 1
    fi
  fi

  say "installing with apt-get: ${missing[*]}"
  if [[ $apt_lists_are_fresh == no ]]; then
    "${as_root[@]}" apt-get update --quiet >&2 || say "the package lists could not be refreshed; trying with those at hand"
    apt_lists_are_fresh=yes
  fi
  if ! apt_install "${missing[@]}"; then
    # One by one, so that a package which cannot be had is named alone.
    for package in "${missing[@]}"; do
      apt_install "$package" || true
    done
  fi

  mapfile -t missing < <(missing_of "$@")
  if [[ ${#missing[@]} != 0 ]]; then
    say "apt-get could not provide $(described "${missing[@]}"): is there a network, and do the package sources of this" \
      "system have it?"
    return 1
  fi
}

require_packages() { obtain_packages "$@" || exit 1; }
