// A small picture as a file.
#pragma once

#include <cstdint>
#include <vector>

#include "picture.hpp"

namespace thumbnails {

/// Of 1 or 3 channels. `quality` is libjpeg's, 1 to 100.
[[nodiscard]] std::vector<std::uint8_t> as_jpeg(const bitmap& small, int quality);

[[nodiscard]] std::vector<std::uint8_t> as_png(const bitmap& small);

}  // namespace thumbnails
