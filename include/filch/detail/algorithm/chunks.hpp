// A range of numbers that is run in chunks, and split between them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include <filch/detail/algorithm/loop_worker.hpp>

namespace filch::inline v0_1::detail {

/// Throws std::invalid_argument for a grain less than 1.
void require_grain(std::optional<std::int64_t> grain);

/// How many of so many iterations stay together where nothing is said of it: a sixteenth of a worker's share, 64 at most.
[[nodiscard]] std::uint64_t grain_for(std::uint64_t count) noexcept;

/// How much of what is left a thread runs at a time, and what it leaves together. Where nothing is said of a grain the cost of
/// an iteration is not known: chunks are an eighth of what is left, so that little of it is out of reach, but so many at most
/// that a look costs little even if an iteration costs nothing.
class chunk_rule {
 public:
  /// For a loop of so many iterations. Throws std::invalid_argument.
  chunk_rule(std::optional<std::int64_t> grain, std::uint64_t count) {
    if (grain) {
      require_grain(grain);
      least_ = most_ = static_cast<std::uint64_t>(*grain);
    } else {
      least_ = grain_for(count);
      most_ = 128;
    }
  }
  /// One at a time.
  static chunk_rule single() noexcept { return {}; }

  [[nodiscard]] bool may_split(std::uint64_t left) const noexcept { return left / 2 >= least_; }
  [[nodiscard]] std::uint64_t next(std::uint64_t left) const noexcept {
    return may_split(left) ? std::clamp(left / 8, least_, most_) : left;
  }

 private:
  chunk_rule() = default;

  std::uint64_t least_ = 1;
  std::uint64_t most_ = 1;
};

/// Calls `run(first, last)` for chunks that make up the range, as long as the loop goes on.
template <class Run>
void run_in_chunks(loop_worker worker, const chunk_rule& rule, const Run& run, std::uint64_t first, std::uint64_t last) {
  while (first != last && worker.may_begin()) {
    if (worker.should_split() && rule.may_split(last - first)) {
      const std::uint64_t middle = first + (last - first) / 2;
      return worker.split([&, first](loop_worker by) { run_in_chunks(by, rule, run, first, middle); },
                          [&](loop_worker by) { run_in_chunks(by, rule, run, middle, last); });
    }
    const std::uint64_t end = first + rule.next(last - first);
    run(first, end);
    first = end;
  }
}

}  // namespace filch::inline v0_1::detail
