// How busy a pool is, at a moment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace filch::inline v0_1::detail {

struct pool_load {
  std::uint64_t finished;  // tasks, so far
  std::size_t queued;      // what waits for a worker; entries of tasks that are over may count
  unsigned idle;           // workers that sleep or search
};

}  // namespace filch::inline v0_1::detail
