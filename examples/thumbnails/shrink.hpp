// Averages over areas, row by row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "picture.hpp"

namespace thumbnails {

/// Each pixel of the small picture is the mean of the area that it covers, down to fractions of pixels at its edges; colours
/// count as much as they are opaque. Exact, in whole numbers, of which a row and the small picture are all that is kept.
class shrinker {
 public:
  /// `to` is not larger than `from` in either direction.
  shrinker(extent from, extent to, unsigned channels);

  /// The next row of the large picture.
  void add(const std::uint8_t* row);

  /// When all rows have been added.
  [[nodiscard]] bitmap take() { return std::move(small_); }

 private:
  void squeeze(const std::uint8_t* row);
  void add_squeezed(std::uint64_t share);
  void end_row();

  const extent from_;
  const unsigned channels_;
  const bool has_alpha_;
  std::vector<std::uint64_t> squeezed_;  // the sums over the last row
  std::vector<std::uint64_t> sums_;      // the sums over the areas of the row of small pixels that is being made
  std::uint64_t height_left_;            // of these areas: a row takes small_.size.height of it, and all of it is from_.height
  bitmap small_;
};

}  // namespace thumbnails
