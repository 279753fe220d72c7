// Looking at a pool from outside: metrics and describe.
#include <sstream>

#include <filch/base/version.hpp>

#include "runtime/pool_core.hpp"

namespace filch::inline v0_1::detail {

// Every `executed` is read before any `spawned`, so that no task is seen finished and not yet queued.
pool_metrics pool_core::metrics() const {
  pool_metrics all;
  const unsigned in_use = workers_in_use();
  all.workers.resize(worker_count_);
  all.spares.resize(in_use > worker_count_ ? in_use - worker_count_ : 0);
  const auto row = [&](unsigned i) -> worker_metrics& {
    return i < worker_count_ ? all.workers[i] : all.spares[i - worker_count_];
  };
  for (unsigned i = 0; i != in_use; ++i) {
    const worker* const each = worker_at(i);
    if (each == nullptr) continue;
    row(i) = each->counters().read();
    each->latencies().add_to(all.latency);
  }
  slots_.for_each([&](const submission_slot& slot) { all.outside += slot.counters.read(); });
  for (unsigned i = 0; i != in_use; ++i)
    if (const worker* const each = worker_at(i); each != nullptr) row(i).spawned = each->ledger().spawned();
  slots_.for_each([&](const submission_slot& slot) { all.outside.spawned += slot.ledger.spawned(); });
  all.dropped_exceptions = exceptions_->dropped();
  all.spares_in_use = spare_count_ - spares_.dormant_count();
  return all;
}

std::string pool_core::describe() const {
  std::ostringstream out;
  out << "filch " << version() << " pool \"" << settings_.options.name << "\": " << settings_.why_workers
      << "; " << spare_count_ << " spares, spinning " << settings_.spin.count() << " ns before parking\n"
      << "pinning: " << settings_.plan.why << '\n';
  for (unsigned i = 0; i != worker_count_; ++i) {
    const worker* const each = worker_at(i);
    const worker_place& place = settings_.plan.workers[i];
    out << "worker " << i << ": cpus " << each->binding().now.to_string() << ", NUMA node " << place.numa_node;
    if (!each->binding().ok()) out << "; warning: " << each->binding().sentence;
    out << '\n';
  }
  return out.str();
}

}  // namespace filch::inline v0_1::detail
