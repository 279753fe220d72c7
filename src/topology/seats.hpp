// Deals hardware threads to workers: by preference, and spread evenly.
#pragma once

#include <filch/topology/topology.hpp>

#include <cstddef>
#include <vector>

namespace filch::inline v0_1::detail {

/// For each worker an index into `threads`, which must be sorted as in `topology`. More workers than threads
/// go round again, so that no thread has two workers more than another.
[[nodiscard]] std::vector<std::size_t> deal_seats(const std::vector<hardware_thread>& threads,
                                                  std::size_t workers);

}  // namespace filch::inline v0_1::detail
