// Making the workers, and ending them.
#include "runtime/pool_core.hpp"

#include <cstdio>
#include <exception>
#include <memory>
#include <utility>

namespace filch::inline v0_1::detail {

pool_core::pool_core(settings&& decided)
    : settings_(std::move(decided)),
      spare_count_(settings_.spares),
      groups_(plan_groups(settings_.plan, spare_count_)),
      words_(std::make_unique<idle_word<>[]>(groups_.groups.size())),
      search_limits_(std::make_unique<standard_atomics::atomic<unsigned>[]>(groups_.groups.size())),
      tokens_(std::make_unique<park_token<parking_atomics>[]>(most_workers() + spare_count_)),
      workers_(std::make_unique<standard_atomics::atomic<worker*>[]>(most_workers() + spare_count_)),
      dormant_(std::make_unique<standard_atomics::atomic<bool>[]>(most_workers())),
      dormant_workers_(most_workers() - settings_.first_workers),
      spares_(settings_.first_workers, spare_count_) {
  for (unsigned i = settings_.first_workers; i != most_workers(); ++i) dormant_[i].store(true, std::memory_order_relaxed);
  limit_searches(settings_.first_workers);
  watch_for_forks();
  prepare_heavy_fences();
  start_workers();
}

pool_core::~pool_core() {
  if (is_called_from_inside()) {
    std::fputs(
        "filch: a task destroys the scheduler that runs it, so its worker would wait for itself: destroy the scheduler on "
        "a thread outside of it\n",
        stderr);
    std::terminate();
  }
  bell_->silence();
  (void)shutdown(shutdown_mode::drain, {});
  discard_tombstones();
  for_each_worker([](worker& each) { delete &each; });
}

// All workers are made, since each may look at any other; then their threads are started, then awaited. If one fails,
// those that run are ended and joined before the error leaves.
void pool_core::start_workers() {
  unsigned started = 0;
  std::exception_ptr error;
  try {
    for (unsigned i = 0; i != settings_.first_workers; ++i) (void)make_worker(i);
    for (; started != settings_.first_workers; ++started) worker_at(started)->start();
  } catch (...) {
    error = std::current_exception();
  }
  if (const std::exception_ptr in_a_worker = gate_.wait_for(started); in_a_worker && !error) error = in_a_worker;
  if (!error) return;
  stopping_.store(true, std::memory_order_seq_cst);  // [I9] pairs with the look
  idle_.stop();
  for_each_worker([](worker& each) { each.join(); });
  for_each_worker([](worker& each) { delete &each; });
  std::rethrow_exception(error);
}

worker& pool_core::make_worker(unsigned index) {
  auto made = std::make_unique<worker>(*this, index, groups_.seats[index]);
  // [B1] seq_cst, the pointer as well as the number below; pairs with the full fence of a sleeper [I2]: whoever looks for
  // work after this worker's first push looks at its deque too.
  workers_[index].store(made.get(), std::memory_order_seq_cst);
  unsigned in_use = workers_in_use_.load(std::memory_order_relaxed);
  while (in_use <= index &&
         !workers_in_use_.compare_exchange_weak(in_use, index + 1, std::memory_order_seq_cst,
                                                std::memory_order_relaxed)) {
  }
  return *made.release();
}

// Called once, when the pool is closed and idle: no task runs, so nobody creates another spare. Who resizes is done, or finds
// the pool closed.
void pool_core::stop_and_join() noexcept {
  {
    const std::scoped_lock no_resize(resizing_);
    const std::scoped_lock no_mark(marking_);
    stopping_.store(true, std::memory_order_seq_cst);  // [I9] pairs with the look
  }
  idle_.stop();
  for_each_worker([](worker& each) { each.join(); });
}

}  // namespace filch::inline v0_1::detail
