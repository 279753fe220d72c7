#!/usr/bin/env bash
# Uses filch as a program outside it would, in a folder that has nothing to do with this one. ctest runs each case:
#
#   packages_test.sh <case> <source directory of filch> <build directory of filch>
#
# CMAKE, CMAKE_GENERATOR and CXX come from the environment.
set -euo pipefail
unset CMAKE_BUILD_TYPE CXXFLAGS LDFLAGS

case=$1
source=$2
build=$3
packages=$source/tests/packages
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
  echo "packages_test.sh: $*" >&2
  exit 1
}

expect_answer() {
  local output
  output=$("$1") || fail "the consumer failed with status $?"
  [[ $output =~ ^filch\ [0-9]+\.[0-9]+\.[0-9]+\ says\ 42$ ]] || fail "the consumer printed '$output'"
  echo "$output"
}

# install_filch <prefix>: into one place, then moved to another, because an installed filch must be movable.
install_filch() {
  "$CMAKE" --install "$build" --prefix "$place/first prefix" > "$place/install.log" || { cat "$place/install.log"; return 1; }
  mv "$place/first prefix" "$1"
}

# build_consumer <project> [<cmake argument>...]
build_consumer() {
  local project=$packages/$1
  shift
  "$CMAKE" -S "$project" -B "$place/consumer" "$@"
  "$CMAKE" --build "$place/consumer"
  expect_answer "$place/consumer/consumer"
}

# Projects that build everything in a few files do so with what they include, too; and it takes a third of the time.
all_in_few_files=(-DCMAKE_UNITY_BUILD=ON)

# Whether the log of the last configure has this sentence; CMake breaks its lines where it likes.
logged() { tr -s ' \n' ' ' < "$place/log" | grep -oF "$1"; }

# expect_refusal <sentence> <cmake argument>...: configuring filch must fail and say that sentence.
expect_refusal() {
  local sentence=$1
  shift
  if "$CMAKE" -S "$source" -B "$place/refused" -DFILCH_BUILD_TESTS=OFF -DFILCH_BUILD_EXAMPLES=OFF "$@" > "$place/log" 2>&1; then
    fail "configuring went well, and should have said: $sentence"
  fi
  logged "$sentence" || { cat "$place/log"; fail "the sentence is missing: $sentence"; }
}

# A header like moodycamel's in the layout of its own CMake package.
fake_upstream_concurrentqueue() {
  mkdir -p "$1/include/concurrentqueue/moodycamel" "$1/lib/cmake/concurrentqueue"
  cp "$2" "$1/include/concurrentqueue/moodycamel/concurrentqueue.h"
  cat > "$1/lib/cmake/concurrentqueue/concurrentqueueConfig.cmake" <<'END'
add_library(concurrentqueue::concurrentqueue INTERFACE IMPORTED)
get_filename_component(prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set_target_properties(concurrentqueue::concurrentqueue PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${prefix}/include/concurrentqueue/")
END
}

# build_queue <processor> [<cmake argument>...]: compiles a file that includes the queue; the log stays in $place/log.
build_queue() {
  local processor=$1
  shift
  mkdir -p "$place/queue"
  cat > "$place/queue/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.22)
project(queue LANGUAGES CXX)
include(${FILCH_SOURCE}/cmake/concurrentqueue.cmake)
message(STATUS "the queue is ${FILCH_CONCURRENTQUEUE_INCLUDE_DIR}")
add_executable(queue main.cpp)
target_compile_features(queue PRIVATE cxx_std_20)
target_link_libraries(queue PRIVATE filch_concurrentqueue)
END
  cat > "$place/queue/main.cpp" <<'END'
#include <concurrentqueue.h>
int main() {
  moodycamel::ConcurrentQueue<int> queue;
  int number = 0;
  return queue.enqueue(42) && queue.try_dequeue(number) && number == 42 ? 0 : 1;
}
END
  rm -rf "$place/queue-build"
  "$CMAKE" -S "$place/queue" -B "$place/queue-build" -DFILCH_SOURCE="$source" \
    -DCMAKE_SYSTEM_NAME="$(uname -s)" -DCMAKE_SYSTEM_PROCESSOR="$processor" "$@" > "$place/log" 2>&1 ||
    { cat "$place/log"; return 1; }
  "$CMAKE" --build "$place/queue-build" && "$place/queue-build/queue"
}

# The value of a cache entry of filch's own build.
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }

case $case in
  find_package)
    install_filch "$place/the prefix"
    build_consumer find_package -DCMAKE_PREFIX_PATH="$place/the prefix"
    ;;

  find_package_newer)
    install_filch "$place/the prefix"
    sed 's/find_package(filch 0.1 /find_package(filch 99.0 /' "$packages/find_package/CMakeLists.txt" > "$place/CMakeLists.txt"
    ! "$CMAKE" -S "$place" -B "$place/consumer" -DCMAKE_PREFIX_PATH="$place/the prefix" > "$place/log" 2>&1 ||
      fail "version 99.0 was found"
    grep -F 'version: 0.1' "$place/log" || { cat "$place/log"; fail "the installed version is not named"; }
    ;;

  add_subdirectory)
    build_consumer add_subdirectory -DFILCH_SOURCE="$source" "${all_in_few_files[@]}"
    ;;

  fetch_content)
    build_consumer fetch_content -DFETCHCONTENT_SOURCE_DIR_FILCH="$source" "${all_in_few_files[@]}"
    ;;

  pkg_config)
    command -v pkg-config > /dev/null || { echo "pkg-config is not installed"; exit 77; }
    install_filch "$place/the prefix"
    pc=$(find "$place/the prefix" -name filch.pc)
    export PKG_CONFIG_PATH=${pc%/*}
    eval "flags=($(pkg-config --static --cflags --libs filch))"  # pkg-config quotes for a shell
    "$CXX" -std=c++20 -Wall -Wextra -Wconversion -Wshadow -Werror "$packages/consumer.cpp" "${flags[@]:?}" \
      -o "$place/consumer"
    expect_answer "$place/consumer"
    ;;

  concurrentqueue_from_upstream)
    header=$(cached FILCH_CONCURRENTQUEUE_INCLUDE_DIR)/concurrentqueue.h
    fake_upstream_concurrentqueue "$place/upstream" "$header"
    build_queue x86_64 -DCMAKE_PREFIX_PATH="$place/upstream"
    logged "the queue is $place/upstream/include/concurrentqueue/moodycamel" ||
      { cat "$place/log"; fail "another queue was found"; }
    ;;

  concurrentqueue_too_old_for_this_processor)
    header=$(cached FILCH_CONCURRENTQUEUE_INCLUDE_DIR)/concurrentqueue.h
    sed 's/fetch_add(SHOULD_BE_ON_FREELIST - 1, std::memory_order_[a-z_]*)/fetch_add(SHOULD_BE_ON_FREELIST - 1, std::memory_order_release)/' \
      "$header" > "$place/old.h"
    sed 's/fetch_add(SHOULD_BE_ON_FREELIST - 1, std::memory_order_[a-z_]*)/fetch_add(SHOULD_BE_ON_FREELIST - 1, std::memory_order_acq_rel)/' \
      "$header" > "$place/new.h"
    fake_upstream_concurrentqueue "$place/old" "$place/old.h"
    fake_upstream_concurrentqueue "$place/new" "$place/new.h"
    build_queue aarch64 -DCMAKE_PREFIX_PATH="$place/old"
    logged 'older than 1.0.5' || fail "no warning for an old queue on aarch64"
    build_queue x86_64 -DCMAKE_PREFIX_PATH="$place/old"
    ! logged 'older than 1.0.5' || fail "a warning for an old queue on x86"
    build_queue aarch64 -DCMAKE_PREFIX_PATH="$place/new"
    ! logged 'older than 1.0.5' || fail "a warning for a new queue on aarch64"
    ;;

  concurrentqueue_missing)
    expect_refusal 'install the package libconcurrentqueue-dev' \
      -DCMAKE_DISABLE_FIND_PACKAGE_concurrentqueue=ON \
      -DCMAKE_IGNORE_PATH="$(cached FILCH_CONCURRENTQUEUE_INCLUDE_DIR)"
    ;;

  hwloc_missing)
    PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH='' expect_refusal 'install the package libhwloc-dev' \
      -DCMAKE_IGNORE_PATH="$(cached FILCH_HWLOC_INCLUDE_DIR)"
    ;;

  *)
    fail "no such case: $case"
    ;;
esac
