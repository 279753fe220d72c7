// Makes images for tests, and says what is in them. Each quarter has its colour: red, green, blue, and white, which is
// transparent where that is possible.
//
//   test_images make <kind> <width> <height> <file>
//   test_images show <file>         "WIDTHxHEIGHT: R,G,B,A R,G,B,A R,G,B,A R,G,B,A", in the middle of the quarters
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <jpeglib.h>
#include <png.h>

namespace {

using colour = std::array<std::uint8_t, 4>;
constexpr std::array<colour, 4> quarters{{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 0}}};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "test_images: %s\n", why.c_str());
  std::exit(2);
}

std::FILE* opened(const char* name, const char* mode) {
  std::FILE* const file = std::fopen(name, mode);
  if (file == nullptr) fail(std::string("cannot open ") + name);
  return file;
}

struct order {
  std::string_view kind;
  unsigned width;
  unsigned height;

  [[nodiscard]] bool is(std::string_view what) const { return kind.find(what) != std::string_view::npos; }
  [[nodiscard]] std::size_t quarter_at(unsigned x, unsigned y) const {
    return (x < width / 2 ? 0U : 1U) + (y < height / 2 ? 0U : 2U);
  }
};

// A row with the channels that the kind has. Most are as the one before.
std::vector<std::uint8_t>& row_of(const order& wanted, unsigned y) {
  static std::uint32_t chance = 1;
  static std::vector<std::uint8_t> row;
  if (y != 0 && y != wanted.height / 2 && !wanted.is("noise")) return row;
  row.clear();
  for (unsigned x = 0; x != wanted.width; ++x) {
    const std::size_t quarter = wanted.quarter_at(x, y);
    const colour& pixel = quarters[quarter];
    const auto put = [&](unsigned value) { row.push_back(static_cast<std::uint8_t>(value)); };
    if (wanted.is("noise")) {
      for (int i = 0; i != 3; ++i) put((chance = chance * 1664525 + 1013904223) >> 24);
    } else if (wanted.is("grey")) {
      put(static_cast<unsigned>(quarter) * 85);
    } else if (wanted.is("palette")) {
      put(static_cast<unsigned>(quarter));
    } else if (wanted.is("cmyk")) {  // as Adobe does
      for (int i = 0; i != 3; ++i) put(pixel[static_cast<std::size_t>(i)]);
      put(255);
    } else {
      for (std::size_t i = 0; i != (wanted.is("alpha") ? 4 : 3); ++i) {
        put(pixel[i]);
        if (wanted.is("deep")) put(pixel[i]);
      }
    }
  }
  return row;
}

void make_jpeg(const order& wanted, std::FILE* file) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = ::jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  ::jpeg_stdio_dest(&jpeg, file);
  jpeg.image_width = wanted.width;
  jpeg.image_height = wanted.height;
  jpeg.input_components = wanted.is("grey") ? 1 : wanted.is("cmyk") ? 4 : 3;
  jpeg.in_color_space = wanted.is("grey") ? JCS_GRAYSCALE : wanted.is("cmyk") ? JCS_CMYK : JCS_RGB;
  ::jpeg_set_defaults(&jpeg);
  ::jpeg_set_quality(&jpeg, 95, TRUE);
  if (wanted.is("progressive")) ::jpeg_simple_progression(&jpeg);
  ::jpeg_start_compress(&jpeg, TRUE);
  if (wanted.is("turned")) {  // orientation 6: the first row is the right side
    constexpr std::string_view exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 32);
    ::jpeg_write_marker(&jpeg, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()), static_cast<unsigned>(exif.size()));
  }
  for (unsigned y = 0; y != wanted.height; ++y) {
    JSAMPROW from = row_of(wanted, y).data();
    (void)::jpeg_write_scanlines(&jpeg, &from, 1);
  }
  ::jpeg_finish_compress(&jpeg);
  ::jpeg_destroy_compress(&jpeg);
}

void make_png(const order& wanted, std::FILE* file) {
  png_structp png = ::png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = ::png_create_info_struct(png);
  ::png_init_io(png, file);
  ::png_set_compression_level(png, 1);
  const int type = wanted.is("grey")      ? PNG_COLOR_TYPE_GRAY
                   : wanted.is("palette") ? PNG_COLOR_TYPE_PALETTE
                   : wanted.is("alpha")   ? PNG_COLOR_TYPE_RGB_ALPHA
                                          : PNG_COLOR_TYPE_RGB;
  ::png_set_IHDR(png, info, wanted.width, wanted.height, wanted.is("deep") ? 16 : wanted.is("palette") ? 2 : 8, type,
                 wanted.is("interlaced") ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
  if (wanted.is("palette")) {
    std::array<png_color, 4> palette{};
    std::array<std::uint8_t, 4> alpha{};
    for (std::size_t i = 0; i != 4; ++i) {
      palette[i] = {quarters[i][0], quarters[i][1], quarters[i][2]};
      alpha[i] = quarters[i][3];
    }
    ::png_set_PLTE(png, info, palette.data(), 4);
    ::png_set_tRNS(png, info, alpha.data(), 4, nullptr);
  }
  ::png_write_info(png, info);
  if (wanted.is("header")) {
    ::png_write_chunk(png, reinterpret_cast<png_const_bytep>("IDAT"), nullptr, 0);
  } else {
    ::png_set_packing(png);
    const int passes = ::png_set_interlace_handling(png);
    for (int pass = 0; pass != passes; ++pass)
      for (unsigned y = 0; y != wanted.height; ++y) ::png_write_row(png, row_of(wanted, y).data());
    ::png_write_end(png, info);
  }
  ::png_destroy_write_struct(&png, &info);
}

void show(unsigned width, unsigned height, unsigned channels, const std::vector<std::uint8_t>& pixels) {
  std::printf("%ux%u:", width, height);
  for (const auto& [x, y] : {std::array{1U, 1U}, {3U, 1U}, {1U, 3U}, {3U, 3U}}) {
    const std::uint8_t* pixel = &pixels[(std::size_t{y * height / 4} * width + x * width / 4) * channels];
    for (unsigned i = 0; i != 4; ++i) {
      const unsigned value = i < channels ? pixel[channels == 1 ? 0 : i] : channels == 1 && i < 3 ? pixel[0] : 255;
      std::printf("%c%u", i == 0 ? ' ' : ',', value);
    }
  }
  std::printf("\n");
}

void show_jpeg(std::FILE* file) {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = ::jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  ::jpeg_stdio_src(&jpeg, file);
  (void)::jpeg_read_header(&jpeg, TRUE);
  (void)::jpeg_start_decompress(&jpeg);
  const auto channels = static_cast<unsigned>(jpeg.output_components);
  const std::size_t row_bytes = std::size_t{jpeg.output_width} * channels;
  std::vector<std::uint8_t> pixels(row_bytes * jpeg.output_height);
  for (std::size_t row = 0; row != jpeg.output_height; ++row) {
    JSAMPROW into = &pixels[row * row_bytes];
    (void)::jpeg_read_scanlines(&jpeg, &into, 1);
  }
  if (errors.num_warnings != 0) fail("the JPEG has warnings");
  show(jpeg.output_width, jpeg.output_height, channels, pixels);
  ::jpeg_destroy_decompress(&jpeg);
}

void show_png(std::FILE* file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (::png_image_begin_read_from_stdio(&image, file) == 0) fail(image.message);
  image.format = PNG_FORMAT_RGBA;
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
  if (::png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) == 0) fail(image.message);
  show(image.width, image.height, 4, pixels);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> given(argv + 1, argv + argc);
  if (given.size() == 5 && given[0] == "make") {
    const order wanted{given[1], static_cast<unsigned>(std::stoul(given[2])), static_cast<unsigned>(std::stoul(given[3]))};
    std::FILE* const file = opened(given[4].c_str(), "wb");
    wanted.is("jpeg") ? make_jpeg(wanted, file) : make_png(wanted, file);
    return std::fclose(file);
  }
  if (given.size() != 2 || given[0] != "show") fail("see the top of its source");
  std::FILE* const file = opened(given[1].c_str(), "rb");
  const int first = std::fgetc(file);
  std::rewind(file);
  first == 0xff ? show_jpeg(file) : show_png(file);
  return std::fclose(file);
}
