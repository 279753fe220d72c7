#include <array>
#include <new>

#include "encode.hpp"
#include "png_guard.hpp"

namespace thumbnails {

namespace {

constexpr std::array<int, 5> colour_types{0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                          PNG_COLOR_TYPE_RGB_ALPHA};

class writer {
 public:
  writer() : png_(::png_create_write_struct(PNG_LIBPNG_VER_STRING, &guarded_, png_guard::fail, png_guard::warn)) {
    if (png_ == nullptr) throw std::bad_alloc();
    info_ = ::png_create_info_struct(png_);
    if (info_ != nullptr) return;
    ::png_destroy_write_struct(&png_, nullptr);
    throw std::bad_alloc();
  }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;
  ~writer() { ::png_destroy_write_struct(&png_, &info_); }

  std::vector<std::uint8_t> write(const bitmap& small) {
    guarded_([&] {
      ::png_set_write_fn(png_, this, append, nullptr);
      ::png_set_IHDR(png_, info_, small.size.width, small.size.height, 8, colour_types[small.channels], PNG_INTERLACE_NONE,
                     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
      ::png_write_info(png_, info_);
    });
    const std::size_t row_bytes = std::size_t{small.size.width} * small.channels;
    for (std::size_t row = 0; row != small.size.height; ++row)
      guarded_([&] { ::png_write_row(png_, &small.bytes[row * row_bytes]); });
    guarded_([&] { ::png_write_end(png_, info_); });
    return std::move(bytes_);
  }

 private:
  // No exception may pass through libpng, and none may be alive when it jumps.
  static void append(png_structp png, png_bytep from, std::size_t size) {
    if (!static_cast<writer*>(::png_get_io_ptr(png))->has_appended(from, size)) ::png_error(png, "there is not enough memory");
  }
  [[nodiscard]] bool has_appended(const std::uint8_t* from, std::size_t size) noexcept {
    try {
      bytes_.insert(bytes_.end(), from, from + size);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  png_guard guarded_;
  std::vector<std::uint8_t> bytes_;
  png_structp png_;
  png_infop info_ = nullptr;
};

}  // namespace

std::vector<std::uint8_t> as_png(const bitmap& small) { return writer().write(small); }

}  // namespace thumbnails
