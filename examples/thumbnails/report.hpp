// What is printed at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>

#include <filch/probe/metrics.hpp>

#include "batch.hpp"

namespace thumbnails {

void print(std::ostream& out, const outcome& all, std::uint64_t links, std::chrono::duration<double> took,
           const filch::pool_metrics& pool);

}  // namespace thumbnails
