// How a range is cut into blocks whose results are combined: by its length and the grain alone, so that the same is combined
// with the same however many workers there are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include <filch/detail/algorithm/chunks.hpp>

namespace filch::inline v0_1::detail {

class block_plan {
 public:
  /// Throws std::invalid_argument.
  block_plan(std::optional<std::int64_t> grain, std::uint64_t count) : count_(count) {
    require_grain(grain);
    size_ = grain ? static_cast<std::uint64_t>(*grain) : std::clamp<std::uint64_t>(rounded_up(count, 128), 1, 4096);
  }

  [[nodiscard]] std::uint64_t blocks() const noexcept { return rounded_up(count_, size_); }
  [[nodiscard]] std::uint64_t first_of(std::uint64_t block) const noexcept { return block * size_; }
  [[nodiscard]] std::uint64_t last_of(std::uint64_t block) const noexcept {
    return first_of(block) + std::min(size_, count_ - first_of(block));
  }

 private:
  static constexpr std::uint64_t rounded_up(std::uint64_t count, std::uint64_t by) noexcept {
    return count / by + (count % by != 0 ? 1 : 0);
  }

  std::uint64_t count_;
  std::uint64_t size_;
};

}  // namespace filch::inline v0_1::detail
