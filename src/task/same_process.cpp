// The sentence for a child process.
#include "task/same_process.hpp"

#include <filch/detail/base/process_generation.hpp>
#include <filch/task/errors.hpp>

namespace filch::inline v0_1::detail {

void require_same_process(std::uint32_t generation) {
  if (generation == process_generation()) return;
  throw forked(
      "filch: this process was made by fork(), and the pool's workers exist in the parent only: make a new scheduler in "
      "the child, or fork before the first one is made");
}

}  // namespace filch::inline v0_1::detail
