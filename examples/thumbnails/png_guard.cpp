#include "png_guard.hpp"

#include <cstdio>
#include <string>

#include "failure.hpp"

namespace thumbnails {

void png_guard::fail(png_structp png, png_const_charp message) {
  auto& self = *static_cast<png_guard*>(::png_get_error_ptr(png));
  (void)std::snprintf(self.message_.data(), self.message_.size(), "%s", message);
  std::longjmp(self.back_, 1);
}

void png_guard::throw_failure() const { throw damaged("the PNG is damaged or not supported: " + std::string(message_.data())); }

}  // namespace thumbnails
