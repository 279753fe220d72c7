# Finds moodycamel's concurrentqueue, a header and nothing else, as the target filch_concurrentqueue. Its header lies in
# a different folder in each distribution of it, so the target's include directory is the folder of the header itself
# and filch always writes #include <concurrentqueue.h>. Only filch's own sources see the target: it is not exported.

# Upstream's CMake package, or a target that the surrounding project brought along.
if(NOT FILCH_CONCURRENTQUEUE_INCLUDE_DIR)
  if(NOT TARGET concurrentqueue::concurrentqueue AND NOT TARGET concurrentqueue)
    find_package(concurrentqueue CONFIG QUIET)
  endif()
  foreach(target concurrentqueue::concurrentqueue concurrentqueue)
    if(TARGET ${target})
      get_target_property(filch_concurrentqueue_hints ${target} INTERFACE_INCLUDE_DIRECTORIES)
      string(REGEX REPLACE "\\$<BUILD_INTERFACE:([^>]*)>" "\\1" filch_concurrentqueue_hints "${filch_concurrentqueue_hints}")
      break()
    endif()
  endforeach()
endif()

# Otherwise, or when that package does not name the folder itself, the header: Debian, vcpkg, a copy somewhere.
find_path(FILCH_CONCURRENTQUEUE_INCLUDE_DIR concurrentqueue.h
  HINTS ${filch_concurrentqueue_hints}
  PATH_SUFFIXES moodycamel concurrentqueue/moodycamel concurrentqueue
  DOC "The folder that holds moodycamel's concurrentqueue.h")
mark_as_advanced(FILCH_CONCURRENTQUEUE_INCLUDE_DIR concurrentqueue_DIR)
if(NOT EXISTS "${FILCH_CONCURRENTQUEUE_INCLUDE_DIR}/concurrentqueue.h")
  message(FATAL_ERROR
    "filch needs moodycamel's concurrentqueue.h: on Debian and Ubuntu install the package libconcurrentqueue-dev; "
    "if you have it elsewhere, name its folder in FILCH_CONCURRENTQUEUE_INCLUDE_DIR.")
endif()

# Before 1.0.5 two orders in it are too weak. On x86 they cannot show: a read-modify-write is a full barrier there. The
# header does not say its version (and the version of the upstream CMake package stays 1.0.0), but the repair of its free
# list, the one that filch relies on, shows in the text.
file(STRINGS "${FILCH_CONCURRENTQUEUE_INCLUDE_DIR}/concurrentqueue.h" filch_concurrentqueue_repair
  REGEX "freeListRefs\\.fetch_add\\(SHOULD_BE_ON_FREELIST - 1, std::memory_order_(acq_rel|seq_cst)\\)")
if(NOT filch_concurrentqueue_repair AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^([xX]86(_64)?|[aA][mM][dD]64|[iI][3-6]86)$")
  message(WARNING
    "concurrentqueue.h in ${FILCH_CONCURRENTQUEUE_INCLUDE_DIR} is older than 1.0.5, or of unknown version. Memory "
    "orders in it are too weak for ${CMAKE_SYSTEM_PROCESSOR}: tasks could be lost. Install 1.0.5 or newer and name "
    "its folder in FILCH_CONCURRENTQUEUE_INCLUDE_DIR.")
endif()

if(NOT TARGET filch_concurrentqueue)
  add_library(filch_concurrentqueue INTERFACE)
  target_include_directories(filch_concurrentqueue SYSTEM INTERFACE "${FILCH_CONCURRENTQUEUE_INCLUDE_DIR}")
endif()
