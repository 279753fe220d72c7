// What a worker does when it has no task of its own: search, park, and, if it is one too many, retire. The transitions
// between busy, searching, parked and dormant are those of src/park/README.md.
#include <chrono>

#include <filch/detail/base/atomics.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/worker.hpp"

namespace filch::inline v0_1::detail {

namespace {
// The clock is read once in so many sweeps over the victims, and a sweep without a find pauses so many turns.
constexpr unsigned sweeps_between_clock_reads = 8;
constexpr unsigned pauses_after_a_sweep = 8;
}  // namespace

// busy -> busy, with a task; or with nullptr when the pool has ended.
task_node* worker::search() noexcept { return search_from(begin_search()); }

worker::standing worker::begin_search() noexcept {
  return pool_.idle().try_begin_search(seat_) == search_entry::searching ? standing::searching : standing::busy;
}

task_node* worker::first_task_after_dormancy() noexcept {
  const standing now = sleep_dormant();
  return now == standing::ended ? nullptr : search_from(now);
}

task_node* worker::search_from(standing now) noexcept {
  for (;;) {
    if (now == standing::searching) {
      if (task_node* const task = search_for_a_while(); task != nullptr) {
        pool_.idle().found(seat_);
        return task;
      }
      if (pool_.stopping()) return leave_for_good();
    }
    now = rest(now);
    if (now == standing::ended) return nullptr;
  }
}

task_node* worker::search_for_a_while() noexcept {
  if (task_node* const task = find_task(); task != nullptr) return task;
  const std::chrono::nanoseconds spin = pool_.decided().spin_of(pool_.worker_count());
  if (spin.count() == 0) return nullptr;
  standard_atomics::full_fence();  // [I2] for [Q3]: who waits for an idle pool need not wait until this worker has stopped searching
  pool_.out_of_work();
  const auto until = std::chrono::steady_clock::now() + spin;
  do {
    for (unsigned sweep = 0; sweep != sweeps_between_clock_reads; ++sweep) {
      for (unsigned turn = 0; turn != pauses_after_a_sweep; ++turn) pause();
      if (task_node* const task = find_task(); task != nullptr) return task;
      if (pool_.stopping()) return nullptr;
    }
  } while (std::chrono::steady_clock::now() < until);
  return nullptr;
}

bool worker::is_one_too_many() const noexcept { return pool_.spares().excess_at(place_); }

// busy -> dormant -> busy, for a spare that has finished a task while the workers it stood in for are back, and for a worker
// that has finished one while the pool was made smaller. What it has queued goes to all, and one of the others is told.
task_node* worker::stand_down() noexcept {
  if (!give_away_deque()) return find_own_or_search();  // no memory for that now
  slab_->trim();
  pool_.trim_memory();
  if (pool_.try_retire(*this) == retire_outcome::needed) return search();
  standard_atomics::full_fence();  // [I2] of a worker that no submitter relies on: it was neither searching nor parked
  pool_.out_of_work();
  if (pool_.work_visible()) pool_.idle().work_arrived(seat_.group);
  return first_task_after_dormancy();
}

// Parks, or retires if this is one too many.
worker::standing worker::rest(standing now) noexcept {
  slab_->trim();
  pool_.trim_memory();
  if (now == standing::searching && is_one_too_many()) return retire();
  return park(now);
}

worker::standing worker::park(standing now) noexcept {
  counters_.parks.add(1);
  if (now == standing::searching)
    pool_.idle().park_searcher(seat_);
  else
    pool_.idle().park_busy(seat_);
  counters_.wakes.add(1);
  pool_.tell_who_watches();
  return standing::searching;
}

// searching -> dormant, unless there is work after all or it has become needed meanwhile.
worker::standing worker::retire() noexcept {
  if (pool_.idle().leave_empty_handed(seat_)) return standing::searching;
  if (pool_.try_retire(*this) == retire_outcome::needed) return park(standing::busy);
  return sleep_dormant();
}

// dormant -> busy, and from there as everybody who has nothing to do; or the end, by stop(). One that was
// parked has taken its stop token already and may come by here with a last tombstone behind it: it must not wait for a
// second one. Who reads the flag as unset has not taken that token, since the flag was set before.
worker::standing worker::sleep_dormant() noexcept {
  if (!pool_.stopping()) pool_.token(seat_.group, seat_.bit).wait();
  return pool_.stopping() ? standing::ended : begin_search();
}

task_node* worker::leave_for_good() noexcept {
  (void)pool_.idle().leave_empty_handed(seat_);
  return nullptr;
}

}  // namespace filch::inline v0_1::detail
