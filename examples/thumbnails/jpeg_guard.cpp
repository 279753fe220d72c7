#include "jpeg_guard.hpp"

#include <string>
#include <utility>

#include <jerror.h>

#include "failure.hpp"

namespace thumbnails {

namespace {

// libjpeg goes on after these, with grey for what is missing.
bool loses_picture(int code) {
  return code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_MUST_RESYNC ||
         code == JWRN_ARITH_BAD_CODE;
}

}  // namespace

jpeg_guard::jpeg_guard(std::stop_token stop) noexcept : stop_(std::move(stop)) {
  (void)::jpeg_std_error(&errors_);
  errors_.error_exit = fail;
  errors_.emit_message = warn;
  progress_.progress_monitor = look_for_stop;
}

void jpeg_guard::fail(j_common_ptr jpeg) {
  auto& self = *static_cast<jpeg_guard*>(jpeg->client_data);
  self.errors_.format_message(jpeg, self.message_.data());
  std::longjmp(self.back_, 1);
}

void jpeg_guard::warn(j_common_ptr jpeg, int level) {
  if (level < 0 && loses_picture(jpeg->err->msg_code)) fail(jpeg);
}

void jpeg_guard::look_for_stop(j_common_ptr jpeg) {
  auto& self = *static_cast<jpeg_guard*>(jpeg->client_data);
  if (self.stop_.stop_requested()) std::longjmp(self.back_, 1);
}

void jpeg_guard::throw_failure() const {
  if (stop_.stop_requested()) throw stopped();
  if (errors_.msg_code == JERR_NO_BACKING_STORE || errors_.msg_code == JERR_OUT_OF_MEMORY)
    throw too_large("decoding this JPEG would take more memory than it may have");
  throw damaged("the JPEG is damaged or not supported: " + std::string(message_.data()));
}

}  // namespace thumbnails
