#include "fetch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <string_view>
#include <system_error>

#include <poll.h>
#include <sys/socket.h>

#include "failure.hpp"
#include "socket.hpp"

namespace crawl {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t longest_answer = std::size_t{1} << 20;

class conversation {
 public:
  conversation(in_port_t port, milliseconds limit)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "cannot make a socket"),
        limit_(limit),
        deadline_(steady_clock::now() + limit) {
    const sockaddr_in address = on_loopback(port);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 && errno != EINPROGRESS &&
        errno != EINTR)
      throw_errno("cannot connect");
  }

  /// Any thread: whoever waits here goes on, and finds the connection closed.
  void end() const noexcept { (void)::shutdown(socket_.get(), SHUT_RDWR); }

  void say(std::string_view text) const {
    while (!text.empty()) {
      await(POLLOUT);
      const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent >= 0)
        text.remove_prefix(static_cast<std::size_t>(sent));
      else if (!is_to_wait())
        throw_errno("cannot send the request");
    }
  }

  [[nodiscard]] std::string hear() const {
    std::string heard;
    std::array<char, 4096> piece;
    for (;;) {
      await(POLLIN);
      const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
      if (got == 0) return heard;
      if (got > 0)
        heard.append(piece.data(), static_cast<std::size_t>(got));
      else if (!is_to_wait())
        throw_errno("cannot receive the answer");
      if (heard.size() > longest_answer) throw fetch_error(failure::malformed, "the answer has no end");
    }
  }

 private:
  // Until the socket is ready, or has an error, which the next call on it answers.
  void await(short events) const {
    pollfd polled{socket_.get(), events, 0};
    for (;;) {
      const auto left = std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now()).count();
      if (left <= 0) throw fetch_error(failure::too_late, "no answer within " + std::to_string(limit_.count()) + " ms");
      const int ready = ::poll(&polled, 1, static_cast<int>(std::min<decltype(left)>(left, std::numeric_limits<int>::max())));
      if (ready > 0) return;
      if (ready < 0 && errno != EINTR) throw_errno("cannot wait for the server");
    }
  }

  descriptor socket_;
  milliseconds limit_;
  steady_clock::time_point deadline_;
};

}  // namespace

// The callback comes after the connection has been asked for: what is not yet connected cannot be shut down.
std::string fetch(const std::stop_token& stop, in_port_t port, unsigned page, milliseconds limit) {
  try {
    const conversation with_server(port, limit);
    const std::stop_callback ends(stop, [&] { with_server.end(); });
    with_server.say("GET /page/" + std::to_string(page) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    std::string heard = with_server.hear();
    if (stop.stop_requested()) throw fetch_error(failure::stopped, "it was stopped");
    return heard;
  } catch (const std::system_error& failed) {
    if (stop.stop_requested()) throw fetch_error(failure::stopped, "it was stopped");
    throw fetch_error(failure::connection, failed.what());
  }
}

}  // namespace crawl
