#include "report.hpp"

#include <algorithm>
#include <array>
#include <iomanip>
#include <iostream>
#include <vector>

namespace wordcount {

namespace {

using word_count = word_counts::value_type;

constexpr double mebibyte = 1024.0 * 1024.0;

bool is_commoner(const word_count* left, const word_count* right) {
  return left->second != right->second ? left->second > right->second : left->first < right->first;
}

std::uint64_t sum_of(const word_counts& counts) {
  std::uint64_t sum = 0;
  for (const word_count& each : counts) sum += each.second;
  return sum;
}

}  // namespace

void totals::add(const file_words& file) {
  ++files;
  bytes += file.bytes;
  overlong += file.overlong;
  for (const auto& [word, count] : file.counts) counts[word] += count;
}

void totals::add_unreadable(const std::filesystem::path& path, std::error_code why) {
  ++unreadable;
  std::cerr << "wordcount: cannot read " << path.string() << ": " << why.message() << '\n';
}

void print_words(std::ostream& out, const totals& all) {
  out << std::fixed << std::setprecision(1) << all.files << " files, "
      << static_cast<double>(all.bytes) / mebibyte << " MiB, " << sum_of(all.counts) << " words, "
      << all.counts.size() << " different\n";
  if (all.unreadable != 0) out << all.unreadable << " files or directories could not be read\n";
  if (all.links != 0) out << all.links << " symbolic links were not followed\n";
  if (all.overlong != 0)
    out << all.overlong << " runs of more than " << longest_word << " characters were left out\n";

  std::array<const word_count*, 20> commonest{};
  std::vector<const word_count*> words;
  words.reserve(all.counts.size());
  for (const word_count& each : all.counts) words.push_back(&each);
  const auto end =
      std::partial_sort_copy(words.begin(), words.end(), commonest.begin(), commonest.end(), is_commoner);

  out << "\nthe commonest words\n";
  for (auto each = commonest.begin(); each != end; ++each)
    out << std::setw(10) << (*each)->second << "  " << (*each)->first << '\n';
}

void print_profile(std::ostream& out, const totals& all, std::chrono::duration<double> took,
                   const filch::pool_metrics& metrics) {
  const std::uint64_t tasks = metrics.total().executed;
  out << "\nthroughput\n"
      << std::fixed << std::setprecision(2) << tasks << " tasks in " << took.count()
      << " s: " << std::setprecision(0) << static_cast<double>(tasks) / took.count() << " tasks per second, "
      << static_cast<double>(all.bytes) / mebibyte / took.count() << " MiB per second\n\n"
      << metrics;
}

}  // namespace wordcount
