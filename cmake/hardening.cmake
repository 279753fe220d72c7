# What the library itself is hardened with: the standard library's own assertions, checked buffers, and branch targets that
# the processor checks. Its users keep their own flags.
include(CheckCXXCompilerFlag)

add_library(filch_hardening INTERFACE)
if(FILCH_HARDENED)
  target_compile_definitions(filch_hardening INTERFACE _GLIBCXX_ASSERTIONS)

  # Checked buffers need an optimiser, and stand in the way of the sanitizers, which find more.
  string(TOUPPER "${CMAKE_BUILD_TYPE}" filch_build_type)
  if(NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${filch_build_type}}" MATCHES "-fsanitize")
    target_compile_options(filch_hardening INTERFACE
      $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
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
