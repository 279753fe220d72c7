#include "site.hpp"

#include <charconv>
#include <optional>
#include <system_error>

namespace crawl {

namespace {

constexpr std::uint64_t children = 16;

std::string with_head(const char* status, const std::string& body) {
  return std::string("HTTP/1.1 ") + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

std::string link_to(std::uint64_t page) {
  const std::string number = std::to_string(page);
  return "<a href=\"/page/" + number + "\">" + number + "</a>\n";
}

// A tree, in which each page leads back to the first and on to its neighbour as well.
std::string text_of(unsigned page, unsigned pages) {
  std::string body = "<h1>" + std::to_string(page) + "</h1>\n" + link_to(0) + link_to((page + 1) % pages);
  const std::uint64_t before = std::uint64_t{page} * children;
  for (std::uint64_t child = before + 1; child <= before + children && child < pages; ++child) body += link_to(child);
  return body;
}

std::optional<unsigned> page_in(std::string_view head) {
  constexpr std::string_view before = "GET /page/";
  constexpr std::string_view after = " HTTP/1.1\r\n";
  if (!head.starts_with(before)) return {};
  head.remove_prefix(before.size());
  unsigned page = 0;
  const auto [end, error] = std::from_chars(head.data(), head.data() + head.size(), page);
  head.remove_prefix(static_cast<std::size_t>(end - head.data()));
  if (error != std::errc() || !head.starts_with(after)) return {};
  return page;
}

}  // namespace

// SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014), as a number in [0, 1).
double site::chance(std::uint64_t of, std::uint64_t time) const noexcept {
  std::uint64_t number = options_.seed + (of << 32) + time;
  for (int twice = 0; twice != 2; ++twice) {
    number += 0x9e3779b97f4a7c15U;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
    number ^= number >> 31;
  }
  return static_cast<double>(number >> 11) * 0x1p-53;
}

reply site::answer(std::string_view head) {
  const std::optional<unsigned> asked = page_in(head);
  if (!asked) return {with_head("400 Bad Request", "GET /page/N is what can be asked for\n"), options_.latency};
  if (*asked >= options_.pages) return {with_head("404 Not Found", "no such page\n"), options_.latency};
  return page(*asked);
}

reply site::page(unsigned number) {
  const double of_page = chance(number, 0);
  if (of_page < options_.bad / 2) return {with_head("404 Not Found", "no such page\n"), options_.latency};
  if (of_page < options_.bad) return {"418 is no answer\r\n\r\n", options_.latency};

  const double of_request = chance(number, ++asked_[number]);
  if (of_request < options_.fail / 2) return {"", options_.latency};
  if (of_request < options_.fail) return {with_head("503 Service Unavailable", "come again\n"), options_.latency};
  const bool is_slow = of_request < options_.fail + (1 - options_.fail) * options_.slow;
  return {with_head("200 OK", text_of(number, options_.pages)), is_slow ? options_.late : options_.latency};
}

}  // namespace crawl
