// What an attempt to bind a thread came to, from what the system said then and says now.
#pragma once

#include <filch/topology/binding.hpp>

#include <optional>

namespace filch::inline v0_1::detail {

/// `error` is the errno value of the request, or 0; `now` is where the thread may run after it, if that can
/// be read.
[[nodiscard]] bind_result judge_binding(const cpu_set& wanted, int error, std::optional<cpu_set> now);

}  // namespace filch::inline v0_1::detail
