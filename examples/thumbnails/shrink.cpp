#include "shrink.hpp"

#include <algorithm>

namespace thumbnails {

shrinker::shrinker(extent from, extent to, unsigned channels)
    : from_(from),
      channels_(channels),
      has_alpha_(channels % 2 == 0),
      squeezed_(std::size_t{to.width} * channels),
      sums_(squeezed_.size()),
      height_left_(from.height),
      small_{to, channels, {}} {
  small_.bytes.reserve(squeezed_.size() * to.height);
}

// A large pixel is small_.size.width wide and a small one from_.width, so that both rows are as long, and a large pixel lies in
// one small one or in two.
void shrinker::squeeze(const std::uint8_t* row) {
  std::ranges::fill(squeezed_, 0);
  std::uint64_t* into = squeezed_.data();
  const auto add = [this, &into](const std::uint8_t* pixel, std::uint64_t share) {
    const std::uint64_t weight = has_alpha_ ? share * pixel[channels_ - 1] : share;
    const unsigned colours = has_alpha_ ? channels_ - 1 : channels_;
    for (unsigned i = 0; i != colours; ++i) into[i] += weight * pixel[i];
    if (has_alpha_) into[colours] += weight;
  };
  const std::uint64_t width = small_.size.width;
  std::uint64_t left = from_.width;
  for (std::uint32_t x = 0; x != from_.width; ++x, row += channels_) {
    const std::uint64_t share = std::min(width, left);
    add(row, share);
    left -= share;
    if (left != 0) continue;
    into += channels_;
    left = from_.width - (width - share);
    if (share != width) add(row, width - share);
  }
}

void shrinker::add(const std::uint8_t* row) {
  squeeze(row);
  const std::uint64_t height = small_.size.height;
  const std::uint64_t share = std::min(height, height_left_);
  add_squeezed(share);
  height_left_ -= share;
  if (height_left_ != 0) return;
  end_row();
  height_left_ = from_.height - (height - share);
  if (share != height) add_squeezed(height - share);
}

void shrinker::add_squeezed(std::uint64_t share) {
  for (std::size_t i = 0; i != sums_.size(); ++i) sums_[i] += share * squeezed_[i];
}

void shrinker::end_row() {
  const std::uint64_t area = from_.pixels();
  const auto mean = [](std::uint64_t sum, std::uint64_t over) {
    return static_cast<std::uint8_t>(over == 0 ? 0 : (sum + over / 2) / over);
  };
  for (std::size_t at = 0; at != sums_.size(); at += channels_) {
    const unsigned colours = has_alpha_ ? channels_ - 1 : channels_;
    const std::uint64_t over = has_alpha_ ? sums_[at + colours] : area;
    for (unsigned i = 0; i != colours; ++i) small_.bytes.push_back(mean(sums_[at + i], over));
    if (has_alpha_) small_.bytes.push_back(mean(over, area));
  }
  std::ranges::fill(sums_, 0);
}

}  // namespace thumbnails
