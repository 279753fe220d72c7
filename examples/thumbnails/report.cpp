#include "report.hpp"

#include <iomanip>
#include <iostream>

namespace thumbnails {

namespace {

constexpr double million = 1e6;

void print_left(std::ostream& out, const outcome& all) {
  const std::size_t left = all.not_begun() + all.cut_short;
  if (left == 0) return;
  out << "left    " << left << ": " << all.not_begun() << " not begun, " << all.cut_short << " cut short";
  if (all.still_running != 0) out << ", of which " << all.still_running << " do not end by themselves";
  out << '\n';
}

void print_shares(std::ostream& out, const made& sum) {
  std::chrono::duration<double> spent{};
  for (const auto each : sum.spent) spent += each;
  if (spent.count() == 0) return;
  out << "time   ";
  for (std::size_t i = 0; i != phase_names.size(); ++i)
    out << (i == 0 ? " " : ", ") << phase_names[i] << ' ' << 100 * std::chrono::duration<double>(sum.spent[i]) / spent << "%";
  out << '\n';
}

}  // namespace

void print(std::ostream& out, const outcome& all, std::uint64_t links, std::chrono::duration<double> took,
           const filch::pool_metrics& pool) {
  out << std::fixed << std::setprecision(1) << "images  " << all.finished << " of " << all.images << " made, " << all.failed
      << " failed, in " << took.count() << " s: " << static_cast<double>(all.finished) / took.count() << " images and "
      << static_cast<double>(all.pixels) / million / took.count() << " megapixels a second\n";
  print_left(out, all);
  if (links != 0) out << "links   " << links << " were not followed\n";
  out << "bytes   " << static_cast<double>(all.sum.bytes_in) / million << " MB read, "
      << static_cast<double>(all.sum.bytes_out) / million << " MB written\n";
  print_shares(out, all.sum);
  out << '\n' << pool << std::flush;
}

}  // namespace thumbnails
