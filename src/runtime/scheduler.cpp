// The public face: each member is one step of the core.
#include <filch/runtime/scheduler.hpp>

#include <stdexcept>
#include <string>

#include "runtime/pool_core.hpp"

namespace filch::inline v0_1 {

// Not by the owning pointer, which is being reset while the destructor drains.
detail::pool_core& detail::scheduler_access::core(const scheduler& pool) noexcept {
  return static_cast<pool_core&>(*pool.pool_);
}

using shutdown_mode = detail::pool_core::shutdown_mode;

scheduler::core_pointer scheduler::make_core(scheduler_options&& options) {
  return core_pointer(new detail::pool_core(detail::decide_settings(std::move(options))));
}

// In a child made by fork() the threads to be joined do not exist, and locks may be held by nobody: the core stays.
void scheduler::core_deleter::operator()(detail::pool_core* core) const noexcept {
  if (core->is_this_process()) delete core;
}

scheduler::~scheduler() = default;

detail::task_pool* scheduler::as_task_pool(detail::pool_core* core) noexcept { return core; }

void scheduler::require_not_negative(bool negative) {
  if (negative)
    throw std::invalid_argument(
        "filch: shutdown_for() was given a negative duration: give it zero or more, or call shutdown_now()");
}

void scheduler::wait_idle() { core_->wait_idle(); }

shutdown_counts scheduler::shutdown() { return core_->shutdown(shutdown_mode::drain, {}); }

shutdown_counts scheduler::shutdown_until(std::chrono::steady_clock::time_point deadline) {
  return core_->shutdown(shutdown_mode::drain_until, deadline);
}

shutdown_counts scheduler::shutdown_now() { return core_->shutdown(shutdown_mode::cancel, {}); }

void scheduler::resize(std::int64_t workers) {
  if (const unsigned most = core_->most_workers(); workers < 1 || workers > most)
    throw std::invalid_argument("filch: resize() was given " + std::to_string(workers) + " workers: give it 1 to " +
                                std::to_string(most) + ", or raise scheduler_options::max_workers");
  core_->resize(static_cast<unsigned>(workers));
}

unsigned scheduler::worker_count() const noexcept { return core_->worker_count(); }

unsigned scheduler::max_worker_count() const noexcept { return core_->most_workers(); }

pool_metrics scheduler::metrics() const { return core_->metrics(); }

std::string scheduler::describe() const { return core_->describe(); }

}  // namespace filch::inline v0_1
