// Adding rows up, and printing them as a table.
#include <filch/probe/metrics.hpp>

#include <array>
#include <iomanip>
#include <ostream>
#include <string>

namespace filch::inline v0_1 {

namespace {

struct column {
  const char* title;
  std::uint64_t worker_metrics::* value;
};

constexpr std::array columns{
    column{"executed", &worker_metrics::executed},     column{"cancelled", &worker_metrics::cancelled},
    column{"failed", &worker_metrics::failed},         column{"spawned", &worker_metrics::spawned},
    column{"stolen", &worker_metrics::stolen},         column{"attempts", &worker_metrics::steal_attempts},
    column{"lost", &worker_metrics::lost},             column{"batches", &worker_metrics::injected_batches},
    column{"injected", &worker_metrics::injected_tasks}, column{"spills", &worker_metrics::spills},
    column{"parks", &worker_metrics::parks},           column{"wakes", &worker_metrics::wakes},
    column{"claims", &worker_metrics::claims},         column{"blocked", &worker_metrics::blocked_waits},
};

constexpr int name_width = 10;
constexpr int value_width = 10;

void print_row(std::ostream& out, const std::string& name, const worker_metrics& row) {
  out << std::left << std::setw(name_width) << name << std::right;
  for (const column& each : columns) out << ' ' << std::setw(value_width - 1) << row.*each.value;
  out << '\n';
}

}  // namespace

worker_metrics& worker_metrics::operator+=(const worker_metrics& other) noexcept {
  for (const column& each : columns) this->*each.value += other.*each.value;
  return *this;
}

worker_metrics pool_metrics::total() const noexcept {
  worker_metrics sum = outside;
  for (const worker_metrics& row : workers) sum += row;
  for (const worker_metrics& row : spares) sum += row;
  return sum;
}

std::ostream& operator<<(std::ostream& out, const pool_metrics& metrics) {
  const std::ios_base::fmtflags flags = out.flags();
  out << std::left << std::setw(name_width) << "worker" << std::right;
  for (const column& each : columns) out << ' ' << std::setw(value_width - 1) << each.title;
  out << '\n';
  for (std::size_t i = 0; i != metrics.workers.size(); ++i) print_row(out, std::to_string(i), metrics.workers[i]);
  for (std::size_t i = 0; i != metrics.spares.size(); ++i)
    print_row(out, "spare " + std::to_string(i), metrics.spares[i]);
  print_row(out, "outside", metrics.outside);
  print_row(out, "total", metrics.total());
  out << "submit to start: p50 " << metrics.latency.quantile(0.5).count() << " ns, p99 "
      << metrics.latency.quantile(0.99).count() << " ns (" << metrics.latency.count() << " samples); "
      << metrics.waiting.high << " + " << metrics.waiting.normal << " + " << metrics.waiting.low
      << " waiting (high, normal, low); " << metrics.spares_in_use << " spares in use; " << metrics.dropped_exceptions
      << " dropped exceptions\n";
  out.flags(flags);
  return out;
}

}  // namespace filch::inline v0_1
