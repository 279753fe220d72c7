// Looking at a pool from outside: metrics and describe.
#include <sstream>

#include <filch/base/version.hpp>

#include "runtime/pool_core.hpp"

namespace filch::inline v0_1::detail {

// Every `executed` is read before any `spawned`, so that no task is seen finished and not yet queued. A spare that comes
// into use in between has a row with what it spawned alone.
pool_metrics pool_core::metrics() const {
  pool_metrics all;
  all.workers.resize(worker_count());
  const auto row = [&](const worker& of) -> worker_metrics& {
    std::vector<worker_metrics>& rows = of.is_spare() ? all.spares : all.workers;
    const std::size_t i = of.is_spare() ? of.index() - most_workers() : of.index();
    if (i >= rows.size()) rows.resize(i + 1);
    return rows[i];
  };
  for_each_worker([&](const worker& each) {
    row(each) = each.counters().read();
    each.latencies().add_to(all.latency);
    all.task_memory += each.memory_held();
  });
  slots_.for_each([&](const submission_slot& slot) {
    all.outside += slot.counters.read();
    all.task_memory += slot.memory_held();
  });
  for_each_worker([&](const worker& each) { row(each).spawned = each.ledger().spawned(); });
  slots_.for_each([&](const submission_slot& slot) { all.outside.spawned += slot.ledger.spawned(); });
  all.waiting = {lanes_[lane_of(priority::high)].waiting(), injection_.size_estimate(), lanes_[lane_of(priority::low)].waiting()};
  all.dropped_exceptions = exceptions_->dropped();
  all.spares_in_use = spare_count_ - spares_.dormant_count();
  return all;
}

std::string pool_core::describe() const {
  std::ostringstream out;
  const unsigned workers = worker_count();
  out << "filch " << version() << " pool \"" << settings_.options.name << "\": " << settings_.why_workers;
  if (workers != settings_.first_workers) out << "; resized to " << workers;
  if (most_workers() != settings_.first_workers) out << ", at most " << most_workers();
  out << "; " << spare_count_ << " spares, spinning " << settings_.spin_of(workers).count() << " ns before parking\n"
      << "pinning: " << settings_.plan.why << '\n';
  for_each_worker([&](const worker& each) {
    if (!each.is_in_place()) return;
    if (each.is_spare())
      out << "spare " << each.index() - most_workers() << ": cpus " << each.binding().now.to_string();
    else
      out << "worker " << each.index() << ": cpus " << each.binding().now.to_string() << ", NUMA node "
          << settings_.plan.workers[each.index()].numa_node;
    if (!each.is_spare() && each.index() >= workers) out << ", not needed now";
    if (!each.binding().ok()) out << "; warning: " << each.binding().sentence;
    out << '\n';
  });
  return out.str();
}

}  // namespace filch::inline v0_1::detail
