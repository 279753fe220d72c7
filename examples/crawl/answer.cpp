#include "answer.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <system_error>

#include "failure.hpp"

namespace crawl {

namespace {

// What stands in `text` between the first `before` and the next `after`.
std::optional<std::string_view> between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + before.size());
  const std::size_t end = text.find(after);
  if (end == std::string_view::npos) return {};
  return text.substr(0, end);
}

template <class Number>
Number number_in(std::string_view text, const char* what) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw fetch_error(failure::malformed, std::string(what) + " '" + std::string(text) + "' is no number");
  return number;
}

[[noreturn]] void throw_cut_off() {
  throw fetch_error(failure::connection, "the server closed the connection within its answer");
}

std::string_view body_of(std::string_view text) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) throw_cut_off();
  const std::string_view head = text.substr(0, end + 2);
  const std::optional<std::string_view> status = between(head, "HTTP/1.1 ", " ");
  if (!status || !head.starts_with("HTTP/1.1 "))
    throw fetch_error(failure::malformed, "'" + std::string(head.substr(0, head.find('\r'))) + "' is no answer of HTTP/1.1");
  if (*status == "503") throw fetch_error(failure::unavailable, "the server answered 503, come again");
  if (*status == "404") throw fetch_error(failure::not_found, "the server answered 404, no such page");
  if (*status != "200") throw fetch_error(failure::malformed, "the server answered " + std::string(*status));

  const auto length = number_in<std::size_t>(between(head, "\r\nContent-Length: ", "\r\n").value_or(""), "the length");
  text.remove_prefix(end + 4);
  if (text.size() < length) throw_cut_off();
  return text.substr(0, length);
}

}  // namespace

std::vector<unsigned> links_in(std::string_view text) {
  if (text.empty()) throw fetch_error(failure::connection, "the server closed the connection without an answer");
  std::string_view body = body_of(text);
  std::vector<unsigned> links;
  while (const std::optional<std::string_view> link = between(body, "<a href=\"/page/", "\"")) {
    links.push_back(number_in<unsigned>(*link, "the page"));
    body.remove_prefix(static_cast<std::size_t>(link->data() + link->size() - body.data()));
  }
  return links;
}

}  // namespace crawl
