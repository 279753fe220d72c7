# What `cmake --install` lays down: the archive, the headers, a CMake package and a pkg-config file. All of it may be
# moved as a whole afterwards; nothing in it knows where it was built.
include(CMakePackageConfigHelpers)

set(filch_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/filch)

install(TARGETS filch EXPORT filch ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")

install(EXPORT filch NAMESPACE filch:: FILE filch-targets.cmake DESTINATION ${filch_package_dir})
configure_package_config_file(cmake/filch-config.cmake.in ${PROJECT_BINARY_DIR}/filch-config.cmake
  INSTALL_DESTINATION ${filch_package_dir}
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0, a minor version may break its users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/filch-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/filch-config.cmake
  ${PROJECT_BINARY_DIR}/filch-config-version.cmake
  cmake/hwloc.cmake
  DESTINATION ${filch_package_dir})

# The pkg-config file finds the rest from where it lies itself.
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_LIBDIR filch_libdir_is_absolute)
if(filch_libdir_is_absolute)
  set(filch_pc_prefix ${CMAKE_INSTALL_PREFIX})
  set(filch_pc_libdir ${CMAKE_INSTALL_LIBDIR})
else()
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
    OUTPUT_VARIABLE filch_pc_prefix)
  set(filch_pc_prefix "\${pcfiledir}/${filch_pc_prefix}")
  set(filch_pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_INCLUDEDIR filch_includedir_is_absolute)
if(filch_includedir_is_absolute)
  set(filch_pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
else()
  set(filch_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()

# Not Requires.private: hwloc, which with --static would ask for the libraries that hwloc itself was linked with. Those
# are in the shared libhwloc already, and distributions do not install what linking them again would need.
get_filename_component(filch_pc_hwloc_dir "${FILCH_HWLOC_LIBRARY}" DIRECTORY)
set(filch_pc_hwloc -lhwloc)
if(NOT filch_pc_hwloc_dir IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
  set(filch_pc_hwloc "-L${filch_pc_hwloc_dir} -lhwloc")
endif()
if(FILCH_HWLOC_LIBRARY MATCHES "\\.a$")
  list(JOIN FILCH_HWLOC_STATIC_LDFLAGS " " filch_pc_hwloc)
endif()
configure_file(cmake/filch.pc.in ${PROJECT_BINARY_DIR}/filch.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/filch.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
