// An HTTP server on the loopback, in a thread of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>

#include "site.hpp"
#include "socket.hpp"

namespace crawl {

/// When each request came.
struct served {
  std::vector<std::chrono::steady_clock::time_point> requests;

  /// Over all of them, and without the first and the last quarter, in which there may be nothing to ask for.
  [[nodiscard]] double per_second() const noexcept;
  [[nodiscard]] double per_second_in_the_middle() const noexcept;
};

/// Answers each request when its time has come, one request a connection.
class server {
 public:
  /// Listens from here on. Throws std::system_error.
  explicit server(const site_options& options);
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  [[nodiscard]] in_port_t port() const noexcept { return port_; }

  /// Drops what is not yet answered. Throws what has ended the server before.
  served stop();

 private:
  using time_point = std::chrono::steady_clock::time_point;

  struct connection {
    explicit connection(descriptor&& accepted) noexcept : socket(std::move(accepted)) {}
    descriptor socket;
    std::string heard;
    std::string answer;                  // what is left of it
    time_point due = time_point::max();  // of the answer; max() until all is heard
  };

  void serve();
  void end_thread() noexcept;
  void accept_all();
  [[nodiscard]] short events_of(const connection& with) const;
  [[nodiscard]] bool goes_on(connection& with);
  [[nodiscard]] bool hear(connection& from);
  [[nodiscard]] int milliseconds_to_wait() const;

  site site_;
  descriptor listener_;
  descriptor wake_;
  in_port_t port_ = 0;

  // Of the thread, until it has ended.
  std::vector<connection> open_;
  std::size_t most_open_ = 256;  // more wait in the backlog of the listener; fewer where there are no more descriptors
  served served_;
  std::exception_ptr ended_by_;

  std::thread thread_;
};

}  // namespace crawl
