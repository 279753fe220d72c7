# Tests of a GoogleTest program, as ctest sees them: all shapes of a test together, in one process, since starting it takes longer than
# most of them.
#
#   filch_discover_tests(<program> <prefix> [<property> <value>...])
#
# The same file, run as a script when the program is built, asks it for its tests and writes them down.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  function(filch_discover_tests program prefix)
    set(list ${CMAKE_CURRENT_BINARY_DIR}/${prefix}.tests.cmake)
    add_custom_command(TARGET ${program} POST_BUILD VERBATIM BYPRODUCTS ${list}
      COMMAND ${CMAKE_COMMAND} "-DPROGRAM=$<TARGET_FILE:${program}>" "-DEMULATOR=${CMAKE_CROSSCOMPILING_EMULATOR}" -DPREFIX=${prefix}
        "-DPROPERTIES=${ARGN}" -DLIST=${list} -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE})
    file(WRITE ${list}.if_built "if(EXISTS [==[${list}]==])\n  include([==[${list}]==])\nendif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${list}.if_built)
  endfunction()
  return()
endif()

execute_process(COMMAND ${EMULATOR} ${PROGRAM} --gtest_list_tests
  OUTPUT_VARIABLE lines RESULT_VARIABLE status TIMEOUT 300)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} cannot list its tests: ${status}")
endif()

# Brackets and semicolons in what a parameter prints would be taken for lists.
string(REGEX REPLACE "#[^\n]*" "" lines "${lines}")
string(REPLACE "\n" ";" lines "${lines}")
set(tests "")
foreach(line IN LISTS lines)
  if(line MATCHES "^([^ ]+)\\.[ ]*$")
    set(suite ${CMAKE_MATCH_1})
  elseif(line MATCHES "^  ([^ /]+)(/?)")
    set(test ${suite}.${CMAKE_MATCH_1})
    if(CMAKE_MATCH_2)
      list(APPEND tests "${test}/*")
    else()
      list(APPEND tests "${test}")
    endif()
  endif()
endforeach()
list(REMOVE_DUPLICATES tests)

string(REPLACE ";" " " PROPERTIES "${PROPERTIES}")
set(text "")
foreach(filter IN LISTS tests)
  string(REGEX REPLACE "/\\*$" "" name "${PREFIX}.${filter}")
  string(APPEND text "add_test([==[${name}]==] ${EMULATOR} [==[${PROGRAM}]==] [==[--gtest_filter=${filter}]==] --gtest_brief=1)\n"
    "set_tests_properties([==[${name}]==] PROPERTIES SKIP_RETURN_CODE 77 ${PROPERTIES})\n")
endforeach()
file(WRITE ${LIST} "${text}")
