// How a child that a test has forked ends.
#pragma once

#include <unistd.h>

#ifdef FILCH_COVERAGE
extern "C" void __gcov_dump();
#endif

namespace filch_tests {

/// Ends the process without destructors and handlers, which are the parent's. What was covered is written down before.
[[noreturn]] inline void end_child(int status) noexcept {
#ifdef FILCH_COVERAGE
  ::__gcov_dump();
#endif
  ::_exit(status);
}

}  // namespace filch_tests
