#include <cstdlib>

#include "encode.hpp"
#include "jpeg_guard.hpp"

namespace thumbnails {

namespace {

struct compressor {
  compressor() = default;
  compressor(const compressor&) = delete;
  compressor& operator=(const compressor&) = delete;
  ~compressor() {
    ::jpeg_destroy_compress(&data);
    std::free(bytes);
  }

  jpeg_compress_struct data{};
  unsigned char* bytes = nullptr;  // libjpeg's, from malloc()
  unsigned long size = 0;
};

}  // namespace

std::vector<std::uint8_t> as_jpeg(const bitmap& small, int quality) {
  jpeg_guard guarded({});
  compressor to;
  jpeg_compress_struct& jpeg = to.data;
  guarded.watch(jpeg);
  guarded([&] {
    jpeg_create_compress(&jpeg);
    ::jpeg_mem_dest(&jpeg, &to.bytes, &to.size);
    jpeg.image_width = small.size.width;
    jpeg.image_height = small.size.height;
    jpeg.input_components = static_cast<int>(small.channels);
    jpeg.in_color_space = small.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    ::jpeg_set_defaults(&jpeg);
    ::jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg.optimize_coding = TRUE;
    ::jpeg_start_compress(&jpeg, TRUE);
  });
  const std::size_t row_bytes = std::size_t{small.size.width} * small.channels;
  for (std::size_t row = 0; row != small.size.height; ++row) {
    // libjpeg only reads it.
    JSAMPROW from = const_cast<JSAMPROW>(&small.bytes[row * row_bytes]);
    guarded([&] { (void)::jpeg_write_scanlines(&jpeg, &from, 1); });
  }
  guarded([&] { ::jpeg_finish_compress(&jpeg); });
  return {to.bytes, to.bytes + to.size};
}

}  // namespace thumbnails
