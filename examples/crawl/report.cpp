#include "report.hpp"

#include <iomanip>
#include <iostream>

namespace crawl {

namespace {

void print_attempts(std::ostream& out, const outcome& all) {
  out << "attempts  " << all.attempts << ", of which " << all.retries << " retries";
  const char* before = "; failed: ";
  for (std::size_t i = 0; i != all.failed.size(); ++i) {
    if (all.failed[i] == 0) continue;
    out << before << all.failed[i] << ' ' << failure_names[i];
    before = ", ";
  }
  out << '\n';
}

void print_given_up(std::ostream& out, const outcome& all) {
  for (const auto& [kind, those] : all.lost)
    out << "given up  " << those.pages << " (" << kind << "), the last " << those.last << '\n';
}

}  // namespace

void print(std::ostream& out, const outcome& all, const served& by_server, double rate, const filch::pool_metrics& pool,
           const effort& spent) {
  std::uint64_t lost = 0;
  for (const auto& [kind, those] : all.lost) lost += those.pages;
  const filch::worker_metrics total = pool.total();

  out << std::fixed << std::setprecision(2) << "pages     " << all.fetched << " fetched, " << lost << " given up";
  if (all.cut_short != 0) out << ", " << all.cut_short << " cut short";
  out << ", in " << spent.took.count() << " s\n";
  print_attempts(out, all);
  print_given_up(out, all);
  out << "server    " << by_server.requests.size() << " requests, " << by_server.per_second() << " a second, "
      << by_server.per_second_in_the_middle() << " in the middle half; the limit is " << rate << '\n'
      << "waiting   up to " << all.most_waiting << " jobs at a time for their turn or another attempt, which held no thread\n"
      << "          up to " << all.most_under_way << " at a time for an answer, which held a thread but no worker\n"
      << "threads   " << pool.workers.size() << " workers and " << pool.spares.size() << " spares; all together computed for "
      << spent.computed.count() << " s, and parked " << total.parks << " times\n";
}

}  // namespace crawl
