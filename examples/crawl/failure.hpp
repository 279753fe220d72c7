// How a request fails, and which failures are worth another attempt.
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace crawl {

enum class failure { connection, unavailable, too_late, not_found, malformed, stopped };

/// For reports, in the order of the enumeration.
inline constexpr std::array<const char*, 6> failure_names{
    "connection failed", "answered 503", "no answer in time", "answered 404", "malformed answer", "stopped"};

[[nodiscard]] constexpr std::size_t index_of(failure why) noexcept { return static_cast<std::size_t>(why); }

/// What may be otherwise the next time.
[[nodiscard]] constexpr bool is_worth_another(failure why) noexcept { return why <= failure::too_late; }

class fetch_error final : public std::runtime_error {
 public:
  fetch_error(failure why, const std::string& what) : std::runtime_error(what), why_(why) {}
  [[nodiscard]] failure why() const noexcept { return why_; }

 private:
  failure why_;
};

}  // namespace crawl
