// Up in leaps, when it is late twice; down by halves of what was idle all the time.
#include "flow/scale_rule.hpp"

#include <algorithm>

namespace filch::inline v0_1::detail {

unsigned scale_rule::size_after(unsigned workers, const pool_load& found, time_point now) noexcept {
  const bool late = is_late(found, now);
  const bool late_again = late && was_late_;
  was_late_ = late && !late_again;
  last_ = look{now, found.finished};
  unsigned size = workers;
  if (late_again)
    size = larger(workers);
  else if (found.idle != 0)
    size = perhaps_smaller(workers, found.idle, now);
  else
    calm_since_.reset();
  return std::clamp(size, plan_.least, plan_.most);
}

bool scale_rule::is_late(const pool_load& found, time_point now) const noexcept {
  if (found.idle != 0 || found.queued == 0 || !last_) return false;
  const std::uint64_t ended = found.finished - last_->finished;
  if (ended == 0) return true;
  const std::chrono::duration<double, std::nano> passed = now - last_->when;
  return passed * (static_cast<double>(found.queued) / static_cast<double>(ended + 1)) > plan_.delay;
}

unsigned scale_rule::larger(unsigned workers) noexcept {
  calm_since_.reset();
  return 2 * workers;
}

unsigned scale_rule::perhaps_smaller(unsigned workers, unsigned idle, time_point now) noexcept {
  if (!calm_since_) begin_calm(now);
  least_idle_ = std::min(least_idle_, idle);
  if (now - *calm_since_ < plan_.calm) return workers;
  const unsigned leave = (least_idle_ + 1) / 2;
  begin_calm(now);
  return workers > leave ? workers - leave : 1;
}

void scale_rule::begin_calm(time_point now) noexcept {
  calm_since_ = now;
  least_idle_ = std::numeric_limits<unsigned>::max();
}

}  // namespace filch::inline v0_1::detail
