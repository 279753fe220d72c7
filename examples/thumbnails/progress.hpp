// A bar that grows, where somebody looks at it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace thumbnails {

/// On standard error, if that is a terminal. For one thread.
class progress {
 public:
  explicit progress(std::size_t images);
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() { hide(); }

  /// Some ten times a second at most.
  void show(std::size_t done, std::size_t failed);

  /// A line of its own, above the bar.
  void say(const std::string& line);

 private:
  void hide();

  const std::size_t images_;
  const bool is_seen_;
  bool is_shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace thumbnails
