# Finds hwloc as the target filch::hwloc. Used twice: when filch is built, and, installed beside its package config,
# when a program that uses the installed libfilch.a is linked. It asks pkg-config where that exists, since hwloc has no
# CMake config, and searches by itself otherwise. Without hwloc there is no target, and filch_hwloc_needed says what to
# install.
set(filch_hwloc_needed
  "hwloc 2.5 or newer 2.x (hwloc.h and libhwloc): on Debian and Ubuntu install the package libhwloc-dev; if it is installed in a place of its own, name that place in CMAKE_PREFIX_PATH")

if(NOT TARGET filch::hwloc)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(FILCH_HWLOC QUIET hwloc)
  endif()
  find_path(FILCH_HWLOC_INCLUDE_DIR hwloc.h HINTS ${FILCH_HWLOC_INCLUDEDIR})
  find_library(FILCH_HWLOC_LIBRARY hwloc HINTS ${FILCH_HWLOC_LIBDIR})
  mark_as_advanced(FILCH_HWLOC_INCLUDE_DIR FILCH_HWLOC_LIBRARY)

  if(FILCH_HWLOC_INCLUDE_DIR AND FILCH_HWLOC_LIBRARY)
    # 0x00020500 is hwloc 2.5, whose load flags are used.
    file(STRINGS "${FILCH_HWLOC_INCLUDE_DIR}/hwloc.h" filch_hwloc_api REGEX "define HWLOC_API_VERSION 0x")
    string(REGEX REPLACE ".*(0x[0-9a-fA-F]+).*" "\\1" filch_hwloc_api "${filch_hwloc_api}")
    if(filch_hwloc_api)
      math(EXPR filch_hwloc_api "${filch_hwloc_api}")
    endif()
    math(EXPR filch_hwloc_oldest "0x00020500")

    if(NOT filch_hwloc_api OR NOT filch_hwloc_api LESS filch_hwloc_oldest)
      # Global, because a static library hands it on to whoever links it, in whichever directory that is.
      add_library(filch::hwloc UNKNOWN IMPORTED GLOBAL)
      set_target_properties(filch::hwloc PROPERTIES
        IMPORTED_LOCATION "${FILCH_HWLOC_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${FILCH_HWLOC_INCLUDE_DIR}")
      if(FILCH_HWLOC_LIBRARY MATCHES "\\.a$")
        set_target_properties(filch::hwloc PROPERTIES INTERFACE_LINK_LIBRARIES "${FILCH_HWLOC_STATIC_LDFLAGS}")
      endif()
    endif()
  endif()
endif()
