// The end of a program whose invariants do not hold.
#include <filch/detail/base/checked_build.hpp>

#include <cstdio>
#include <cstdlib>

namespace filch::inline v0_1::detail {

void end_by_check(const char* what, const char* file, unsigned line) noexcept {
  std::fprintf(stderr,
               "filch: %s (%s:%u)\nfilch: either the program writes where it should not (the address sanitizer may tell), or this "
               "is a mistake in filch: please report it\n",
               what, file, line);
  std::abort();
}

}  // namespace filch::inline v0_1::detail
