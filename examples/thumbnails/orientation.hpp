// Which way up a camera was held.
#pragma once

#include "picture.hpp"

namespace thumbnails {

/// The orientation that an EXIF marker gives, 1 to 8, or 0 if it gives none.
[[nodiscard]] unsigned orientation_in(byte_span marker) noexcept;

/// The picture as it is to be seen.
[[nodiscard]] bitmap upright(bitmap taken, unsigned orientation);

}  // namespace thumbnails
