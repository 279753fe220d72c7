// The sentence for a child process.
#include "task/same_process.hpp"

#include <filch/task/errors.hpp>

namespace filch::inline v0_1::detail {

void throw_forked() {
  throw forked(
      "filch: this process was made by fork(), and the pool's workers exist in the parent only: make a new scheduler in "
      "the child, or fork before the first one is made");
}

}  // namespace filch::inline v0_1::detail
