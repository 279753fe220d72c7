// From a rate and a burst to an interval and a tolerance.
#include <filch/flow/rate_limiter.hpp>

#include <cmath>
#include <stdexcept>

namespace filch::inline v0_1 {

namespace {

constexpr double longest = 366.0 * 24 * 3'600 * 1e9;  // nanoseconds: any year
constexpr double fastest = 1e7;

}  // namespace

detail::gcra<> rate_limiter::made_of(double per_second, std::int64_t burst) {
  const double interval = std::ceil(1e9 / per_second);
  if (!(per_second > 0) || !(per_second <= fastest) || interval > longest)
    throw std::invalid_argument(
        "filch: a rate_limiter was given a rate that it cannot keep: give it so many a second, between one a year and 1e7");
  if (burst < 1)
    throw std::invalid_argument(
        "filch: a rate_limiter was given a burst of less than 1, which lets nothing through: give it at least 1");
  if (static_cast<double>(burst - 1) * interval > longest)
    throw std::invalid_argument("filch: a rate_limiter was given a burst of more than a year: give it less, or a higher rate");
  const auto whole = static_cast<std::int64_t>(interval);
  return detail::gcra<>(whole, (burst - 1) * whole);
}

rate_limiter::rate_limiter(double per_second, std::int64_t burst) : places_(made_of(per_second, burst)) {}

}  // namespace filch::inline v0_1
