// libpng's errors as exceptions.
#pragma once

#include <array>
#include <csetjmp>

#include <png.h>

namespace thumbnails {

/// As jpeg_guard: each call on libpng is a call of the guard, from which the exception is thrown.
class png_guard {
 public:
  png_guard() = default;
  png_guard(const png_guard&) = delete;
  png_guard& operator=(const png_guard&) = delete;

  /// For png_create_read_struct() and png_create_write_struct(), with the guard as the pointer.
  [[noreturn]] static void fail(png_structp png, png_const_charp message);
  static void warn(png_structp, png_const_charp) {}

  /// Throws damaged.
  template <class Call>
  void operator()(const Call& call) {
    if (setjmp(back_) != 0) throw_failure();
    call();
  }

 private:
  [[noreturn]] void throw_failure() const;

  std::jmp_buf back_{};
  std::array<char, 200> message_{};
};

}  // namespace thumbnails
