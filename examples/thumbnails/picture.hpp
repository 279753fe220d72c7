// Pictures: in memory, and as rows that a decoder brings one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

namespace thumbnails {

struct extent {
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  [[nodiscard]] std::uint64_t pixels() const noexcept { return std::uint64_t{width} * height; }
};

/// Channels of 8 bits: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
struct bitmap {
  extent size;
  unsigned channels = 0;
  std::vector<std::uint8_t> bytes;
};

enum class format : unsigned char { jpeg, png };

using byte_span = std::span<const std::uint8_t>;

/// A picture that is being decoded. Whoever throws here throws damaged, too_large or stopped.
class picture {
 public:
  picture() = default;
  picture(const picture&) = delete;
  picture& operator=(const picture&) = delete;
  virtual ~picture() = default;

  [[nodiscard]] virtual format kind() const noexcept = 0;
  [[nodiscard]] virtual extent original() const noexcept = 0;  // as the file says
  [[nodiscard]] virtual extent size() const noexcept = 0;      // as it is decoded: perhaps a fraction
  [[nodiscard]] virtual unsigned channels() const noexcept = 0;
  [[nodiscard]] virtual unsigned orientation() const noexcept { return 1; }  // of EXIF, 1 to 8

  /// The next row, of size().width * channels() bytes.
  virtual void read(std::uint8_t* row) = 0;

  /// After the last row: is what comes behind it as it should be?
  virtual void finish() {}
};

/// A decoder for what the first bytes of the file say that it is. It need not be decoded larger than `enough` pixels in
/// either direction demand. The file must outlive it. Throws not_an_image, and as picture.
std::unique_ptr<picture> open_picture(byte_span file, unsigned enough, const std::stop_token& stop);

/// What `original` becomes when it is to fit into a square: never larger than it was, never nothing.
[[nodiscard]] extent fitted(extent original, unsigned size) noexcept;

/// Throws too_large for what nobody means to show.
void require_decodable(extent original);

/// Throws stopped.
void go_on_unless(const std::stop_token& stop);

}  // namespace thumbnails
