#include "jpeg_picture.hpp"

#include <algorithm>

#include "orientation.hpp"

namespace thumbnails {

namespace {

constexpr long most_memory = 512L << 20;  // for the coefficients of a picture in several scans
constexpr unsigned longest_exif = 0xffff;

unsigned denominator(extent original, unsigned enough) {
  const std::uint32_t longest = std::max(original.width, original.height);
  for (const unsigned by : {8U, 4U, 2U})
    if (longest / by >= 2 * enough) return by;
  return 1;
}

}  // namespace

jpeg_picture::jpeg_picture(byte_span file, unsigned enough, const std::stop_token& stop) : guarded_(stop) {
  jpeg_decompress_struct& jpeg = jpeg_.data;
  guarded_.watch(jpeg);
  guarded_([&] { jpeg_create_decompress(&jpeg); });
  guarded_.ask_for_stop(jpeg);
  jpeg.mem->max_memory_to_use = most_memory;
  read_header(file);
  require_decodable(original());

  jpeg.scale_num = 1;
  jpeg.scale_denom = denominator(original(), enough);
  const bool has_inks = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
  jpeg.out_color_space = has_inks ? JCS_CMYK : jpeg.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  guarded_([&] { (void)::jpeg_start_decompress(&jpeg); });
  if (has_inks) inks_.resize(std::size_t{jpeg.output_width} * 4);
}

void jpeg_picture::read_header(byte_span file) {
  jpeg_decompress_struct& jpeg = jpeg_.data;
  guarded_([&] {
    ::jpeg_mem_src(&jpeg, file.data(), static_cast<unsigned long>(file.size()));
    ::jpeg_save_markers(&jpeg, JPEG_APP0 + 1, longest_exif);
    (void)::jpeg_read_header(&jpeg, TRUE);
  });
  for (const jpeg_marker_struct* each = jpeg.marker_list; each != nullptr; each = each->next)
    if (const unsigned said = orientation_in({each->data, each->data_length}); said != 0) orientation_ = said;
}

void jpeg_picture::read(std::uint8_t* row) {
  jpeg_decompress_struct& jpeg = jpeg_.data;
  JSAMPROW into = inks_.empty() ? row : inks_.data();
  guarded_([&] { (void)::jpeg_read_scanlines(&jpeg, &into, 1); });
  // Adobe stores how much light an ink leaves, others how much ink there is.
  const unsigned flip = jpeg.saw_Adobe_marker ? 0 : 255;
  for (std::size_t from = 0; from != inks_.size(); from += 4) {
    const unsigned black = inks_[from + 3] ^ flip;
    for (std::size_t ink = 0; ink != 3; ++ink)
      *row++ = static_cast<std::uint8_t>(((inks_[from + ink] ^ flip) * black + 127) / 255);
  }
}

}  // namespace thumbnails
