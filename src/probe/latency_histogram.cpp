// Quantiles by walking the buckets.
#include <filch/probe/latency_histogram.hpp>

#include <algorithm>
#include <cmath>

namespace filch::inline v0_1 {

std::chrono::nanoseconds latency_histogram::quantile(double fraction) const noexcept {
  const std::uint64_t samples = count();
  if (samples == 0) return std::chrono::nanoseconds{0};
  const double part = fraction > 0 ? std::min(fraction, 1.0) : 0.0;  // what is no number counts as 0
  const volatile double product = part * static_cast<double>(samples);  // where registers are wider, no digit more than a double has
  const double wanted = std::ceil(product);
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, samples);
  std::size_t bucket = 0;
  for (std::uint64_t seen = buckets_[0]; seen < rank; seen += buckets_[bucket]) ++bucket;
  return std::chrono::nanoseconds{upper_bound(bucket)};
}

}  // namespace filch::inline v0_1
