#include "server.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace crawl {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t longest_request = 4096;

// Whether there is more to come. What could not be sent stays.
bool send_some(int socket, std::string& text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) return is_to_wait();
    text.erase(0, static_cast<std::size_t>(sent));
  }
  return false;
}

double rate_between(const std::vector<steady_clock::time_point>& times, std::size_t first, std::size_t last) noexcept {
  if (last <= first) return 0;
  return static_cast<double>(last - first) / std::chrono::duration<double>(times[last] - times[first]).count();
}

}  // namespace

double served::per_second() const noexcept { return requests.empty() ? 0 : rate_between(requests, 0, requests.size() - 1); }

double served::per_second_in_the_middle() const noexcept {
  const std::size_t quarter = requests.size() / 4;
  return requests.empty() ? 0 : rate_between(requests, quarter, requests.size() - 1 - quarter);
}

server::server(const site_options& options)
    : site_(options),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "cannot make a socket for the server"),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "cannot make an eventfd for the server") {
  sockaddr_in address = on_loopback(0);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), SOMAXCONN) != 0 ||
      ::getsockname(listener_.get(), generic, &size) != 0)
    throw_errno("cannot listen on the loopback");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] {
    try {
      serve();
    } catch (...) {
      ended_by_ = std::current_exception();
      (void)::shutdown(listener_.get(), SHUT_RDWR);  // who asks now is refused
    }
    open_.clear();
  });
}

server::~server() { end_thread(); }

void server::end_thread() noexcept {
  if (!thread_.joinable()) return;
  (void)::eventfd_write(wake_.get(), 1);
  thread_.join();
}

served server::stop() {
  end_thread();
  if (ended_by_) std::rethrow_exception(std::exchange(ended_by_, nullptr));
  return served_;
}

void server::serve() {
  std::vector<pollfd> polled;
  for (;;) {
    polled.assign({{wake_.get(), POLLIN, 0}, {open_.size() < most_open_ ? listener_.get() : -1, POLLIN, 0}});
    for (const connection& each : open_) polled.push_back({each.socket.get(), events_of(each), 0});
    if (::poll(polled.data(), polled.size(), milliseconds_to_wait()) < 0 && errno != EINTR) throw_errno("cannot poll");
    if (polled[0].revents != 0) return;
    std::erase_if(open_, [&](connection& each) { return !goes_on(each); });
    accept_all();
  }
}

void server::accept_all() {
  while (open_.size() < most_open_) {
    const int accepted = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0)
      open_.emplace_back(descriptor(accepted, "cannot accept a connection"));
    else if ((errno == EMFILE || errno == ENFILE) && !open_.empty())
      most_open_ = open_.size();
    else if (errno != EINTR && errno != ECONNABORTED)
      return is_to_wait() ? void() : throw_errno("cannot accept a connection");
  }
}

// Who waits for an answer is listened to as well: a connection that is closed meanwhile need not be kept.
short server::events_of(const connection& with) const {
  return with.due > steady_clock::now() ? POLLIN : POLLOUT;
}

int server::milliseconds_to_wait() const {
  steady_clock::time_point first = steady_clock::time_point::max();
  for (const connection& each : open_) first = std::min(first, each.due);
  if (first == steady_clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - steady_clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, std::numeric_limits<int>::max()));
}

bool server::goes_on(connection& with) {
  if (with.due <= steady_clock::now()) return send_some(with.socket.get(), with.answer);
  return hear(with);
}

bool server::hear(connection& from) {
  std::array<char, 1024> piece;
  const ssize_t got = ::recv(from.socket.get(), piece.data(), piece.size(), 0);
  if (got < 0) return is_to_wait();
  if (got == 0) return false;
  if (from.due != steady_clock::time_point::max()) return true;  // more than a request: nobody asked for that
  from.heard.append(piece.data(), static_cast<std::size_t>(got));
  const std::size_t end = from.heard.find("\r\n\r\n");
  if (end == std::string::npos) return from.heard.size() <= longest_request;

  const steady_clock::time_point now = steady_clock::now();
  served_.requests.push_back(now);
  reply made = site_.answer(std::string_view(from.heard).substr(0, end + 2));
  from.answer = std::move(made.text);
  from.due = now + made.after;
  return true;
}

}  // namespace crawl
