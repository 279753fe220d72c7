// A worker's place is its index. A worker has one thread for good, a spare that rests included, so no two threads ever have the
// same place.
#include <filch/detail/runtime/local_slots.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

local_slots::local_slots(const scheduler& pool) noexcept
    : core_(&scheduler_access::core(pool)), count_(core_->most_workers() + core_->spare_count()) {}

std::optional<std::size_t> local_slots::mine() const noexcept {
  const worker* const self = this_thread_worker;
  if (self == nullptr || &self->pool() != core_) return std::nullopt;
  return self->index();
}

}  // namespace filch::inline v0_1::detail
