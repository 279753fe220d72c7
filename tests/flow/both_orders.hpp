// What tests of streams go through, since each promise holds in either order.
#pragma once

#include <filch/flow/map_options.hpp>

namespace filch_tests {

inline constexpr filch::result_order both_orders[] = {filch::result_order::submission, filch::result_order::completion};

}  // namespace filch_tests
