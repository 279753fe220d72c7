// More workers, or fewer. Those past the target are dormant, like spares that nobody needs: their threads are there, or will be
// made when they are first needed. The protocol is in src/park/README.md.
#include <mutex>
#include <string>
#include <vector>

#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"
#include "task/same_process.hpp"

namespace filch::inline v0_1::detail {

// Last it tells who watches, also one that has just looked and not gone to sleep yet: he looks at the size once more when he
// has.
void pool_core::resize(unsigned workers) {
  require_same_process(generation_);
  {
    const std::scoped_lock lock(resizing_);
    if (closed_.is_closed()) refuse_to_resize();
    if (workers > worker_count()) raise_to(workers);
    if (workers < worker_count()) lower_to(workers);
  }
  tell_service();
}

void pool_core::refuse_to_resize() const {
  throw closed("filch: the pool \"" + settings_.options.name +
               "\" has been shut down and keeps the workers it has: resize it before shutdown()");
}

// What may fail comes first: memory, and the threads. Those that were made when one cannot be had stay dormant.
void pool_core::raise_to(unsigned workers) {
  std::vector<unsigned> called;
  called.reserve(workers - worker_count());
  for (unsigned i = worker_count(); i != workers; ++i) (void)started_worker(i);
  std::uint64_t too_many = count_in(workers, called);
  limit_searches(workers);
  for (const unsigned each : called) wake_dormant(each);
  for (; too_many != 0; --too_many) call_up_one_too_many();
}

// A worker that should have left may be there still, in the place of one that blocks. It belongs here again, and so a spare
// comes in its stead, which is awake before it counts.
std::uint64_t pool_core::count_in(unsigned workers, std::vector<unsigned>& called) {
  unsigned spares = 0;
  try {
    for (;;) {
      const raise_result done = try_to_count_in(workers, spares, called);
      if (!done.lacks) return done.too_many;
      wake_spare(*done.lacks);
      ++spares;
    }
  } catch (...) {
    for (; spares != 0; --spares) blocked_worker_returns();
    throw;
  }
}

raise_result pool_core::try_to_count_in(unsigned workers, unsigned spares, std::vector<unsigned>& called) noexcept {
  const std::scoped_lock lock(marking_);
  called.clear();
  for (unsigned i = worker_count(); i != workers; ++i)
    if (dormant_[i].load(std::memory_order_relaxed)) called.push_back(i);
  const raise_result done = spares_.raise(workers, called.size() + spares);
  if (done.lacks) return done;
  for (const unsigned each : called) dormant_[each].store(false, std::memory_order_relaxed);
  count_dormant(-static_cast<int>(called.size()));
  return done;
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

// Under the lock, so that who resizes next knows whom to wake. The fence stands between the mark and the last look at its slab
// and pairs with the one of who rings for that [M6]: either this look sees the blocks that have come home, or who rings sees
// the mark.
retire_outcome pool_core::try_leave(unsigned index) noexcept {
  const std::scoped_lock lock(marking_);
  if (spares_.try_leave(index) == retire_outcome::needed) return retire_outcome::needed;
  dormant_[index].store(true, std::memory_order_relaxed);
  count_dormant(1);
  standard_atomics::full_fence();  // [I2]
  if (worker_at(index)->wants_trim()) worker_at(index)->trim();
  return retire_outcome::dormant;
}

void pool_core::count_dormant(int more) noexcept {
  const int all = static_cast<int>(dormant_workers_.load(std::memory_order_relaxed)) + more;
  dormant_workers_.store(static_cast<unsigned>(all), std::memory_order_relaxed);
}

// In the place of one that sleeps where no bell wakes it. Once the pool stops its thread goes on, and who ends the pool has all
// trimmed afterwards.
void pool_core::trim_if_dormant(worker& each) noexcept {
  if (each.is_spare() || !dormant_[each.index()].load(std::memory_order_relaxed)) return;
  const std::scoped_lock lock(marking_);
  if (dormant_[each.index()].load(std::memory_order_relaxed) && !stopping()) each.trim();
}

}  // namespace filch::inline v0_1::detail
