// How an image fails, and which failures are worth another attempt.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

namespace thumbnails {

/// The base of what is wrong with an image itself: no use trying again.
class image_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class not_an_image final : public image_error {
 public:
  using image_error::image_error;
};

class damaged final : public image_error {
 public:
  using image_error::image_error;
};

class too_large final : public image_error {
 public:
  using image_error::image_error;
};

/// A call to the system has failed.
class io_error final : public std::system_error {
 public:
  io_error(int number, const char* what) : std::system_error(number, std::generic_category(), what) {}
};

/// The job was told to stop. Not an error of the image.
class stopped final : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "it was stopped"; }
};

/// Whether a call may go well the next time: what is short may be there again, and what is far may answer.
[[nodiscard]] bool is_transient(const std::exception_ptr& thrown) noexcept;

/// What is wrong, in one line, as far as the job itself could say.
[[nodiscard]] std::string sentence_for(const std::exception_ptr& thrown);

}  // namespace thumbnails
