#include "failure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

namespace thumbnails {

namespace {

constexpr std::array transient{EAGAIN, EBUSY, EINTR, EIO, EMFILE, ENFILE, ENOBUFS, ENOMEM, ESTALE, ETIMEDOUT};

}  // namespace

bool is_transient(const std::exception_ptr& thrown) noexcept {
  try {
    std::rethrow_exception(thrown);
  } catch (const io_error& failed) {
    return std::ranges::find(transient, failed.code().value()) != transient.end();
  } catch (...) {
    return false;
  }
}

std::string sentence_for(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return "there is not enough memory for it";
  } catch (const std::exception& failed) {
    return failed.what();
  } catch (...) {
    return "something unknown was thrown";
  }
}

}  // namespace thumbnails
