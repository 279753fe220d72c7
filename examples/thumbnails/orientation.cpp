#include "orientation.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace thumbnails {

namespace {

/// Numbers in the byte order of the file; what lies beyond its end is 0.
class exif_numbers {
 public:
  explicit exif_numbers(byte_span bytes) noexcept : bytes_(bytes), is_big_(!bytes.empty() && bytes[0] == 'M') {}

  [[nodiscard]] std::uint32_t two(std::size_t at) const noexcept {
    const std::uint32_t first = one(at);
    const std::uint32_t second = one(at + 1);
    return is_big_ ? first << 8 | second : second << 8 | first;
  }
  [[nodiscard]] std::uint32_t four(std::size_t at) const noexcept {
    return is_big_ ? two(at) << 16 | two(at + 2) : two(at + 2) << 16 | two(at);
  }

 private:
  [[nodiscard]] std::uint32_t one(std::size_t at) const noexcept { return at < bytes_.size() ? bytes_[at] : 0; }

  byte_span bytes_;
  bool is_big_;
};

}  // namespace

unsigned orientation_in(byte_span marker) noexcept {
  constexpr std::string_view name("Exif\0\0", 6);
  constexpr unsigned orientation_tag = 0x112;
  if (marker.size() < name.size() || std::memcmp(marker.data(), name.data(), name.size()) != 0) return 0;
  const exif_numbers exif(marker.subspan(name.size()));
  const std::size_t directory = exif.four(4);
  for (std::size_t entry = 0; entry != exif.two(directory); ++entry) {
    const std::size_t at = directory + 2 + 12 * entry;
    if (exif.two(at) != orientation_tag) continue;
    const std::uint32_t said = exif.two(at + 8);
    return said <= 8 ? said : 0;
  }
  return 0;
}

// EXIF 2.3, 4.6.4: from 5 on rows and columns are exchanged; then the picture is mirrored or turned.
bitmap upright(bitmap taken, unsigned orientation) {
  if (orientation < 2) return taken;
  const auto [width, height] = taken.size;
  const bool is_across = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  bitmap seen{is_across ? extent{height, width} : taken.size, taken.channels, {}};
  seen.bytes.reserve(taken.bytes.size());
  for (std::uint32_t y = 0; y != seen.size.height; ++y) {
    for (std::uint32_t x = 0; x != seen.size.width; ++x) {
      const std::uint32_t column = is_across ? y : x;
      const std::uint32_t row = is_across ? x : y;
      const std::size_t pixel =
          std::size_t{from_below ? height - 1 - row : row} * width + (from_right ? width - 1 - column : column);
      const auto from = taken.bytes.begin() + static_cast<std::ptrdiff_t>(pixel * taken.channels);
      seen.bytes.insert(seen.bytes.end(), from, from + taken.channels);
    }
  }
  return seen;
}

}  // namespace thumbnails
