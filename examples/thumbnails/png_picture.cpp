#include "png_picture.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "failure.hpp"

namespace thumbnails {

namespace {

constexpr std::size_t most_interlaced = std::size_t{512} << 20;

}  // namespace

png_picture::reader::reader(png_guard& guard)
    : png(::png_create_read_struct(PNG_LIBPNG_VER_STRING, &guard, png_guard::fail, png_guard::warn)) {
  if (png == nullptr) throw std::bad_alloc();
  info = ::png_create_info_struct(png);
  if (info != nullptr) return;
  ::png_destroy_read_struct(&png, nullptr, nullptr);
  throw std::bad_alloc();
}

png_picture::png_picture(byte_span file, const std::stop_token& stop) : unread_(file), from_(guarded_) {
  read_header();
  require_decodable(size_);
  int passes = 1;
  guarded_([&] {
    ::png_set_expand(from_.png);
    ::png_set_scale_16(from_.png);
    passes = ::png_set_interlace_handling(from_.png);
    ::png_read_update_info(from_.png, from_.info);
  });
  channels_ = ::png_get_channels(from_.png, from_.info);
  if (passes > 1) read_all_passes(passes, stop);
}

void png_picture::give(png_structp png, png_bytep to, std::size_t size) {
  byte_span& unread = static_cast<png_picture*>(::png_get_io_ptr(png))->unread_;
  if (unread.size() < size) ::png_error(png, "the file ends too early");
  std::memcpy(to, unread.data(), size);
  unread = unread.subspan(size);
}

void png_picture::read_header() {
  guarded_([&] {
    ::png_set_read_fn(from_.png, this, give);
    ::png_read_info(from_.png, from_.info);
  });
  size_ = {::png_get_image_width(from_.png, from_.info), ::png_get_image_height(from_.png, from_.info)};
}

void png_picture::read_all_passes(int passes, const std::stop_token& stop) {
  if (row_bytes() * size_.height > most_interlaced)
    throw too_large("an interlaced PNG has to be held in memory, and this one would take more than 512 MiB");
  all_.resize(row_bytes() * size_.height);
  for (int pass = 0; pass != passes; ++pass) {
    for (std::size_t row = 0; row != size_.height; ++row) {
      go_on_unless(stop);
      guarded_([&] { ::png_read_row(from_.png, &all_[row * row_bytes()], nullptr); });
    }
  }
}

void png_picture::read(std::uint8_t* row) {
  if (all_.empty()) return guarded_([&] { ::png_read_row(from_.png, row, nullptr); });
  std::copy_n(&all_[next_++ * row_bytes()], row_bytes(), row);
}

void png_picture::finish() {
  guarded_([&] { ::png_read_end(from_.png, nullptr); });
}

}  // namespace thumbnails
