// How many workers a pool has when its constructor does not say, and the sentence why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace filch::inline v0_1 {

/// The most workers a pool can have. Their lists of victims take 64 MB then.
inline constexpr unsigned max_workers = 4096;

/// CPU time that a container may use: `quota_us` in each `period_us`.
struct cpu_quota {
  std::uint64_t quota_us = 0;
  std::uint64_t period_us = 100'000;  ///< above 0
  std::string source;  ///< the file that says so

  /// The quota in whole CPUs, rounded up, at least 1. A period of 0 limits nothing.
  [[nodiscard]] std::uint64_t whole_cpus() const noexcept {
    if (period_us == 0) return std::numeric_limits<std::uint64_t>::max();
    return quota_us / period_us + (quota_us % period_us != 0 || quota_us == 0 ? 1 : 0);
  }
};

/// A count and the reason for it.
struct worker_count {
  unsigned workers = 1;
  std::string why;  ///< a sentence for people
};

/// The default number of workers: min(allowed hardware threads, the quota rounded up), at least 1, at most
/// `max_workers`. `environment_value` is that of FILCH_WORKERS and replaces the default; null if unset.
///
/// Thread safety: pure. Blocking: none. Throws `std::invalid_argument` if `environment_value` is not a whole
/// number from 1 to `max_workers`.
[[nodiscard]] worker_count decide_worker_count(std::size_t allowed_threads,
                                               const std::optional<cpu_quota>& quota,
                                               const char* environment_value);

}  // namespace filch::inline v0_1
