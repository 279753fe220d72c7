// From a rate and a burst to an interval and a tolerance.
#include <filch/flow/rate_limiter.hpp>

#include <cmath>
#include <stdexcept>

namespace filch::inline v0_1 {

namespace {

constexpr double nanoseconds_a_year = 365.0 * 24 * 3'600 * 1e9;
constexpr double fastest = 1e7;

}  // namespace

detail::gcra<> rate_limiter::made_of(double per_second, std::uint32_t burst) {
  const double interval = 1e9 / per_second;
  if (!(per_second > 0) || !(per_second <= fastest) || interval > nanoseconds_a_year)
    throw std::invalid_argument(
        "filch: a rate_limiter was given a rate that it cannot keep: give it so many a second, between one a year and 1e7");
  const double together = (burst - 1.0) * interval;
  if (burst == 0 || together > nanoseconds_a_year)
    throw std::invalid_argument(
        "filch: a rate_limiter was given a burst of 0, which lets nothing through, or of more than a year: give it at least 1");
  return detail::gcra<>(std::llround(interval), static_cast<std::int64_t>(burst - 1) * std::llround(interval));
}

rate_limiter::rate_limiter(double per_second, std::uint32_t burst) : places_(made_of(per_second, burst)) {}

}  // namespace filch::inline v0_1
