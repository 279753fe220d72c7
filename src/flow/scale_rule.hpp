// How many workers a pool is to have, by what was found at each look. Pure: the same looks give the same sizes.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "runtime/load.hpp"

namespace filch::inline v0_1::detail {

/// Checked.
struct scale_plan {
  unsigned least;
  unsigned most;
  std::chrono::nanoseconds delay;
  std::chrono::nanoseconds calm;
};

class scale_rule {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit scale_rule(const scale_plan& plan) noexcept : plan_(plan) {}

  /// The size for a pool of `workers` workers that was found like this.
  [[nodiscard]] unsigned size_after(unsigned workers, const pool_load& found, time_point now) noexcept;

  [[nodiscard]] unsigned least() const noexcept { return plan_.least; }

  /// There is a pause before the next look: it is compared with no other.
  void pause() noexcept { last_.reset(); }

 private:
  struct look {
    time_point when;
    std::uint64_t finished;
  };

  /// Whether what is queued waits too long, by Little's law: what waits, divided by what ended in a while, is how many such
  /// whiles the last of it has to wait. (J. D. C. Little, "A Proof for the Queuing Formula: L = lambda W", 1961.) One more
  /// counts as ended, since some are half done: so a few that end between two looks are not taken for a slow pool. Where none
  /// has ended, what is queued has waited since the last look.
  [[nodiscard]] bool is_late(const pool_load& found, time_point now) const noexcept;
  [[nodiscard]] unsigned larger(unsigned workers) noexcept;
  [[nodiscard]] unsigned perhaps_smaller(unsigned workers, unsigned idle, time_point now) noexcept;
  void begin_calm(time_point now) noexcept;

  const scale_plan plan_;
  std::optional<look> last_;
  bool was_late_ = false;
  std::optional<time_point> calm_since_;
  unsigned least_idle_ = 0;  // since then
};

}  // namespace filch::inline v0_1::detail
