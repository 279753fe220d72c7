// The site that is crawled: what each request gets, failures included.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crawl {

struct site_options {
  unsigned pages = 300;
  double fail = 0.2;   // of the requests, closed without an answer or answered 503
  double slow = 0.05;  // of the others, answered too late
  double bad = 0;      // of the pages, not there or nonsense
  std::chrono::milliseconds latency{20};
  std::chrono::milliseconds late{400};
  std::uint64_t seed = 1;
};

struct reply {
  std::string text;  // empty: the connection is closed without an answer
  std::chrono::milliseconds after;
};

/// Chance is a function of the seed, the page, and how often that page has been asked for: the order in which requests arrive
/// does not matter.
class site {
 public:
  explicit site(const site_options& options) : options_(options), asked_(options.pages) {}

  /// `head` is a request up to its empty line.
  [[nodiscard]] reply answer(std::string_view head);

 private:
  [[nodiscard]] reply page(unsigned number);
  [[nodiscard]] double chance(std::uint64_t of, std::uint64_t time) const noexcept;

  site_options options_;
  std::vector<unsigned> asked_;
};

}  // namespace crawl
