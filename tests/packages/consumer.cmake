# The rest of each consumer project, once it has the target filch::filch: link, and be strict about filch's headers.
add_executable(consumer ${CMAKE_CURRENT_LIST_DIR}/consumer.cpp)
target_link_libraries(consumer PRIVATE filch::filch)
target_compile_options(consumer PRIVATE -Wall -Wextra -Wconversion -Wshadow -Werror)
set_target_properties(consumer PROPERTIES NO_SYSTEM_FROM_IMPORTED ON)

# Nothing that filch compiles itself with may reach a consumer.
get_target_property(leaked filch::filch INTERFACE_COMPILE_OPTIONS)
if(leaked OR CMAKE_BUILD_TYPE)
  message(FATAL_ERROR "filch leaks into its consumer: '${leaked}', build type '${CMAKE_BUILD_TYPE}'")
endif()
