// The only door to hwloc. No type of hwloc comes out of it.
#pragma once

#include "topology/description.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace filch::inline v0_1::detail {

/// The machine this process runs on, loaded at the first call and kept for binding. Throws
/// std::runtime_error.
[[nodiscard]] const topology_description& describe_this_machine();

/// Both throw std::invalid_argument with a sentence.
[[nodiscard]] topology_description describe_synthetic(const std::string& text);
[[nodiscard]] topology_description describe_xml(const std::filesystem::path& file);

/// Where the calling thread may run, or nothing if this system cannot say.
[[nodiscard]] std::optional<cpu_set> read_thread_binding();

/// Asks for the calling thread to be bound. 0 or an errno value; 0 is a promise only after reading it back.
[[nodiscard]] int request_thread_binding(const cpu_set& cpus);

}  // namespace filch::inline v0_1::detail
