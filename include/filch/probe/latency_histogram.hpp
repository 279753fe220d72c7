// How long sampled tasks waited between submit and start.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace filch::inline v0_1 {

/// A histogram of durations with eight buckets an octave: a quantile is at most an eighth too large.
///
/// Thread safety: a plain value.
class latency_histogram {
 public:
  static constexpr std::size_t bucket_count = 488;

  /// The bucket of a duration in nanoseconds; negative ones count as zero.
  [[nodiscard]] static constexpr std::size_t bucket_of(std::int64_t nanoseconds) noexcept {
    const auto value = nanoseconds < 0 ? std::uint64_t{0} : static_cast<std::uint64_t>(nanoseconds);
    if (value < 8) return static_cast<std::size_t>(value);
    const auto octave = static_cast<unsigned>(std::bit_width(value)) - 4;  // value >> octave is 8 to 15
    return static_cast<std::size_t>(octave * 8 + (value >> octave));
  }

  /// The largest duration of a bucket below bucket_count, in nanoseconds.
  [[nodiscard]] static constexpr std::int64_t upper_bound(std::size_t bucket) noexcept {
    if (bucket < 16) return static_cast<std::int64_t>(bucket);
    const std::size_t octave = bucket / 8 - 1;
    return static_cast<std::int64_t>(((std::uint64_t{bucket % 8} + 9) << octave) - 1);
  }

  /// More samples for a bucket below bucket_count.
  void add(std::size_t bucket, std::uint64_t samples) noexcept { buckets_[bucket] += samples; }

  /// How many samples there are. Constant in the number of samples.
  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t samples : buckets_) sum += samples;
    return sum;
  }

  /// The duration that a fraction of the samples, 0 to 1, does not exceed. Zero when there is no sample.
  [[nodiscard]] std::chrono::nanoseconds quantile(double fraction) const noexcept;

 private:
  std::array<std::uint64_t, bucket_count> buckets_{};
};

}  // namespace filch::inline v0_1
