# Another processor. FILCH_TRIPLET names the compiler, as aarch64-linux-gnu, and FILCH_SYSROOT the folder with what lies on such a
# machine; see run.sh.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FILCH_TRIPLET FILCH_SYSROOT FILCH_MULTIARCH)
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR ${FILCH_TRIPLET})
set(CMAKE_CXX_COMPILER ${FILCH_TRIPLET}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${FILCH_MULTIARCH})

set(CMAKE_FIND_ROOT_PATH ${FILCH_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# pkg-config would speak of the machine that compiles.
set(CMAKE_DISABLE_FIND_PACKAGE_PkgConfig ON)

set(CMAKE_CXX_FLAGS_INIT "-isystem ${FILCH_SYSROOT}/usr/include/${FILCH_MULTIARCH}")
set(libraries ${FILCH_SYSROOT}/usr/lib/${FILCH_MULTIARCH}:${FILCH_SYSROOT}/lib/${FILCH_MULTIARCH})
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${libraries} -Wl,-rpath,${libraries} -Wl,--disable-new-dtags")
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "i686")
  # The kernel of an x86-64 runs them by itself, with their own loader.
  string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -Wl,--dynamic-linker=${FILCH_SYSROOT}/lib/ld-linux.so.2")
else()
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR} -L ${FILCH_SYSROOT})
endif()
