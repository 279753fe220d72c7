#include "picture.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "failure.hpp"
#include "jpeg_picture.hpp"
#include "png_picture.hpp"

namespace thumbnails {

namespace {

constexpr std::uint64_t most_pixels = 1'000'000'000;

constexpr std::array<std::uint8_t, 3> jpeg_begins{0xff, 0xd8, 0xff};
constexpr std::array<std::uint8_t, 8> png_begins{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

bool begins_with(byte_span file, byte_span signature) {
  return file.size() >= signature.size() && std::ranges::equal(file.first(signature.size()), signature);
}

std::uint32_t scaled(std::uint64_t side, std::uint64_t longest, unsigned size) {
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (side * size + longest / 2) / longest));
}

}  // namespace

std::unique_ptr<picture> open_picture(byte_span file, unsigned enough, const std::stop_token& stop) {
  if (file.empty()) throw not_an_image("the file is empty");
  if (begins_with(file, jpeg_begins)) return std::make_unique<jpeg_picture>(file, enough, stop);
  if (begins_with(file, png_begins)) return std::make_unique<png_picture>(file, stop);
  throw not_an_image("its contents are neither JPEG nor PNG");
}

extent fitted(extent original, unsigned size) noexcept {
  const std::uint32_t longest = std::max(original.width, original.height);
  if (longest <= size) return original;
  return {scaled(original.width, longest, size), scaled(original.height, longest, size)};
}

void require_decodable(extent original) {
  if (original.pixels() <= most_pixels) return;
  throw too_large("it says that it has " + std::to_string(original.width) + " x " + std::to_string(original.height) +
                  " pixels, and more than " + std::to_string(most_pixels / 1'000'000) + " megapixels are not decoded");
}

void go_on_unless(const std::stop_token& stop) {
  if (stop.stop_requested()) throw stopped();
}

}  // namespace thumbnails
