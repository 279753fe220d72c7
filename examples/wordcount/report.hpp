// The sum of all files, and how it is printed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <system_error>

#include <filch/probe/metrics.hpp>

#include "count_words.hpp"

namespace wordcount {

struct totals {
  word_counts counts;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t overlong = 0;
  std::uint64_t unreadable = 0;  // files and directories
  std::uint64_t links = 0;       // not followed

  void add(const file_words& file);
  /// Says so on standard error.
  void add_unreadable(const std::filesystem::path& path, std::error_code why);
};

/// What was counted, and the twenty commonest words; equally common ones in the order of their bytes.
void print_words(std::ostream& out, const totals& all);

/// Tasks a second, and the pool's own table.
void print_profile(std::ostream& out, const totals& all, std::chrono::duration<double> took,
                   const filch::pool_metrics& metrics);

}  // namespace wordcount
