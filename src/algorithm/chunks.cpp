// How fine a loop is split where its caller does not say so.
#include <filch/detail/algorithm/chunks.hpp>

#include <algorithm>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

// What is stolen should be worth a theft even if an iteration costs little, and a worker that is late should not hold up the
// others by more than a sixteenth. What is run in no pool is not split.
std::uint64_t grain_for(std::uint64_t count) noexcept {
  constexpr std::uint64_t pieces_a_worker = 16;
  constexpr std::uint64_t largest_grain = 64;
  if (count < 2 * pieces_a_worker || this_thread_worker == nullptr) return 1;
  const std::uint64_t pieces = pieces_a_worker * this_thread_worker->pool().worker_count();
  return std::clamp<std::uint64_t>(count / pieces, 1, largest_grain);
}

}  // namespace filch::inline v0_1::detail
