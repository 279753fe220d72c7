# What the library itself is hardened with: the standard library's own assertions, checked buffers, and branch targets that
# the processor checks. Its users keep their own flags.
include(CheckCXXCompilerFlag)

add_library(filch_hardening INTERFACE)
if(FILCH_HARDENED)
  target_compile_definitions(filch_hardening INTERFACE _GLIBCXX_ASSERTIONS)

  # Checked buffers need an optimiser, and stand in the way of the sanitizers, which find more. Older compilers know level 2 only,
  # and their headers warn of more.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
    set(filch_fortify 3)
  else()
    set(filch_fortify 2)
  endif()
  get_directory_property(filch_options COMPILE_OPTIONS)
  if(NOT "${filch_options} ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_RELEASE} ${CMAKE_CXX_FLAGS_RELWITHDEBINFO}" MATCHES "-fsanitize")
    target_compile_options(filch_hardening INTERFACE
      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE>
      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=${filch_fortify}>)
    set(FILCH_FORTIFIED ON)
  endif()

  # Intel's CET, and its counterpart on 64-bit Arm: a processor that does not have them ignores the instructions.
  foreach(flag -fcf-protection=full -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "FILCH_HAS${flag}" has_flag)
    check_cxx_compiler_flag(${flag} ${has_flag})
    if(${has_flag})
      target_compile_options(filch_hardening INTERFACE ${flag})
    endif()
  endforeach()
endif()
