// libjpeg's errors as exceptions.
#pragma once

#include <array>
#include <csetjmp>
#include <cstdio>
#include <stop_token>

#include <jpeglib.h>

namespace thumbnails {

/// libjpeg leaves a failed call by longjmp(), which no destructor may see. So each call on it is a call of the guard: what is
/// jumped over is libjpeg's own frames and that of a lambda without anything to destroy. The exception is thrown afterwards,
/// from here.
class jpeg_guard {
 public:
  explicit jpeg_guard(std::stop_token stop) noexcept;
  jpeg_guard(const jpeg_guard&) = delete;
  jpeg_guard& operator=(const jpeg_guard&) = delete;

  /// Before the object is created.
  template <class Jpeg>
  void watch(Jpeg& jpeg) noexcept {
    jpeg.err = &errors_;
    jpeg.client_data = this;
  }

  /// After it was created: a picture in several scans is read to its end by a single call, which is to notice a stop as well.
  template <class Jpeg>
  void ask_for_stop(Jpeg& jpeg) noexcept {
    jpeg.progress = &progress_;
  }

  /// Throws damaged, too_large or stopped.
  template <class Call>
  void operator()(const Call& call) {
    if (setjmp(back_) != 0) throw_failure();
    call();
  }

 private:
  [[noreturn]] static void fail(j_common_ptr jpeg);
  static void warn(j_common_ptr jpeg, int level);
  static void look_for_stop(j_common_ptr jpeg);
  [[noreturn]] void throw_failure() const;

  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf back_{};
  std::array<char, JMSG_LENGTH_MAX> message_{};
  const std::stop_token stop_;
};

}  // namespace thumbnails
