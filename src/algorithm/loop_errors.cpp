// What loops throw by themselves.
#include <stdexcept>
#include <string>

#include <filch/detail/algorithm/chunks.hpp>
#include <filch/detail/algorithm/loop_control.hpp>
#include <filch/detail/algorithm/loop_range.hpp>
#include <filch/task/errors.hpp>

namespace filch::inline v0_1::detail {

void throw_unlike_bounds(const char* function) {
  throw std::invalid_argument(std::string("filch: the bounds of ") + function +
                              " are of two types, and one of them does not fit into the type that they have in common: cast "
                              "one of them");
}

void require_grain(std::optional<std::int64_t> grain) {
  if (grain && *grain < 1)
    throw std::invalid_argument(
        "filch: loop_options::grain is less than 1: give it how many iterations stay together, or leave it out");
}

void throw_stopped(const char* function) {
  throw task_cancelled(std::string("filch: ") + function +
                       " has left out a part of its work, since a stop was requested: what it has done until then is done");
}

}  // namespace filch::inline v0_1::detail
