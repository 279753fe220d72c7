// More workers, or fewer. Those past the target are dormant, like spares that nobody needs: their threads are there, or will be
// made when they are first needed. The protocol is in src/park/README.md.
#include <mutex>
#include <string>

#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"
#include "task/same_process.hpp"

namespace filch::inline v0_1::detail {

void pool_core::resize(unsigned workers) {
  require_same_process(generation_);
  const std::scoped_lock lock(resizing_);
  require_resizable();
  if (workers > worker_count()) raise_to(workers);
  if (workers < worker_count()) lower_to(workers);
}

void pool_core::require_resizable() const {
  if (closed_.is_closed())
    throw closed("filch: the pool \"" + settings_.options.name +
                 "\" has been shut down and keeps the workers it has: resize it before shutdown()");
}

// The threads come first, since one may not be had: those that were made then stay dormant.
void pool_core::raise_to(unsigned workers) {
  unsigned joining = 0;
  for (unsigned i = worker_count(); i != workers; ++i) {
    if (!dormant_[i]) continue;
    (void)started_worker(i);
    ++joining;
  }
  const unsigned before = worker_count();
  count_in(workers, joining);
  limit_searches(workers);
  for (unsigned i = before; i != workers; ++i) {
    if (!dormant_[i]) continue;
    dormant_[i] = false;
    wake_dormant(i);
  }
  dormant_workers_.store(dormant_workers_.load(std::memory_order_relaxed) - joining, std::memory_order_relaxed);
}

// A worker that should have left may be there still, in the place of one that blocks. It belongs here again, and so a spare
// comes in its stead, which is awake before it counts.
void pool_core::count_in(unsigned workers, unsigned joining) {
  unsigned spares = 0;
  try {
    while (const std::optional<unsigned> spare = spares_.raise(workers, joining + spares)) {
      wake_spare(*spare);
      ++spares;
    }
  } catch (...) {
    for (; spares != 0; --spares) blocked_worker_returns();
    throw;
  }
}

// Who is parked goes now, who is busy after its task, who searches when it finds nothing.
void pool_core::lower_to(unsigned workers) noexcept {
  limit_searches(workers);
  for (std::uint64_t left = spares_.lower(workers); left != 0; --left) call_up_one_too_many();
}

void pool_core::limit_searches(unsigned workers) noexcept {
  for (unsigned group = 0; group != group_count(); ++group)
    search_limits_[group].store(groups_.groups[group].search_limit(workers), std::memory_order_relaxed);
}

retire_outcome pool_core::try_retire(worker& asks) noexcept {
  return asks.is_spare() ? spares_.try_retire(asks.index() - most_workers()) : try_leave(asks.index());
}

// Under the lock, so that who resizes next knows whom to wake. What came home to its slab after its last look it takes here,
// and later comers see that it is dormant.
retire_outcome pool_core::try_leave(unsigned index) noexcept {
  const std::scoped_lock lock(resizing_);
  if (spares_.try_leave(index) == retire_outcome::needed) return retire_outcome::needed;
  dormant_[index] = true;
  dormant_workers_.store(dormant_workers_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (worker_at(index)->wants_trim()) worker_at(index)->trim();
  return retire_outcome::dormant;
}

// In the place of one that sleeps where no bell wakes it.
void pool_core::trim_if_dormant(worker& each) noexcept {
  if (each.is_spare()) return;
  const std::scoped_lock lock(resizing_);
  if (dormant_[each.index()]) each.trim();
}

}  // namespace filch::inline v0_1::detail
