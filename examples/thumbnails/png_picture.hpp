// A PNG that is being decoded.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "picture.hpp"
#include "png_guard.hpp"

namespace thumbnails {

/// Whatever is in the file becomes 8 bits a channel. Only an interlaced picture, whose rows come in seven passes, is held in
/// memory as a whole.
class png_picture final : public picture {
 public:
  png_picture(byte_span file, const std::stop_token& stop);

  [[nodiscard]] format kind() const noexcept override { return format::png; }
  [[nodiscard]] extent original() const noexcept override { return size_; }
  [[nodiscard]] extent size() const noexcept override { return size_; }
  [[nodiscard]] unsigned channels() const noexcept override { return channels_; }
  void read(std::uint8_t* row) override;
  void finish() override;

 private:
  struct reader {
    explicit reader(png_guard& guard);
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;
    ~reader() { ::png_destroy_read_struct(&png, &info, nullptr); }

    png_structp png = nullptr;
    png_infop info = nullptr;
  };

  static void give(png_structp png, png_bytep to, std::size_t size);
  void read_header();
  void read_all_passes(int passes, const std::stop_token& stop);
  [[nodiscard]] std::size_t row_bytes() const noexcept { return std::size_t{size_.width} * channels_; }

  byte_span unread_;
  png_guard guarded_;
  reader from_;
  extent size_;
  unsigned channels_ = 0;
  std::vector<std::uint8_t> all_;  // of an interlaced picture
  std::size_t next_ = 0;           // row in it
};

}  // namespace thumbnails
