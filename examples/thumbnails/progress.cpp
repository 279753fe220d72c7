#include "progress.hpp"

#include <iostream>

#include <unistd.h>

namespace thumbnails {

namespace {

constexpr std::size_t length = 40;

}  // namespace

progress::progress(std::size_t images) : images_(images), is_seen_(::isatty(STDERR_FILENO) == 1) {}

void progress::show(std::size_t done, std::size_t failed) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_seen_ || images_ == 0 || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  is_shown_ = true;
  const std::size_t filled = done * length / images_;
  std::cerr << "\r[" << std::string(filled, '#') << std::string(length - filled, '.') << "] " << done << " of " << images_;
  if (failed != 0) std::cerr << ", " << failed << " failed";
  std::cerr << "\x1b[K" << std::flush;
}

void progress::say(const std::string& line) {
  hide();
  std::cerr << line << std::endl;
}

void progress::hide() {
  if (!is_shown_) return;
  std::cerr << "\r\x1b[K" << std::flush;
  is_shown_ = false;
  last_ = {};
}

}  // namespace thumbnails
