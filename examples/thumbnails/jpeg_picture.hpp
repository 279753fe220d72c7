// A JPEG that is being decoded.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "jpeg_guard.hpp"
#include "picture.hpp"

namespace thumbnails {

/// Decoded at an eighth, a quarter or a half where that is still twice as much as is asked for: what is left out is never
/// computed. Grey stays grey; CMYK becomes RGB by the rule of thumb, without a colour profile.
class jpeg_picture final : public picture {
 public:
  jpeg_picture(byte_span file, unsigned enough, const std::stop_token& stop);

  [[nodiscard]] format kind() const noexcept override { return format::jpeg; }
  [[nodiscard]] extent original() const noexcept override { return {jpeg_.data.image_width, jpeg_.data.image_height}; }
  [[nodiscard]] extent size() const noexcept override { return {jpeg_.data.output_width, jpeg_.data.output_height}; }
  [[nodiscard]] unsigned channels() const noexcept override { return jpeg_.data.out_color_space == JCS_GRAYSCALE ? 1 : 3; }
  [[nodiscard]] unsigned orientation() const noexcept override { return orientation_; }
  void read(std::uint8_t* row) override;

 private:
  struct decompressor {
    decompressor() = default;
    decompressor(const decompressor&) = delete;
    decompressor& operator=(const decompressor&) = delete;
    ~decompressor() { ::jpeg_destroy_decompress(&data); }

    jpeg_decompress_struct data{};
  };

  void read_header(byte_span file);

  jpeg_guard guarded_;
  decompressor jpeg_;
  unsigned orientation_ = 1;
  std::vector<std::uint8_t> inks_;  // a row of CMYK
};

}  // namespace thumbnails
