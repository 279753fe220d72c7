// What server and crawler share: descriptors that are closed with their owner, and the address of the loopback.
#pragma once

#include <cerrno>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <unistd.h>

namespace crawl {

[[noreturn]] inline void throw_errno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

class descriptor {
 public:
  /// Throws std::system_error where the call that made it has failed.
  descriptor(int made, const char* what) : number_(made) {
    if (made < 0) throw_errno(what);
  }
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() {
    if (number_ >= 0) (void)::close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

[[nodiscard]] inline sockaddr_in on_loopback(in_port_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Whether a call on a socket that does not block is to be made again later.
[[nodiscard]] inline bool is_to_wait() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace crawl
