// The stop token that a mapped function is given: stopped when the range is abandoned, by the token in its options, and by its
// pool. One for the whole range, so that an element costs nothing.
#pragma once

#include <stop_token>

namespace filch::inline v0_1::detail {

class map_stop {
 public:
  /// Throws std::bad_alloc.
  map_stop(const std::stop_token& given, const std::stop_token& of_pool)
      : from_given_(given, pass_on{joined_}), from_pool_(of_pool, pass_on{joined_}) {}

  [[nodiscard]] const std::stop_token& token() const noexcept { return token_; }
  void request() noexcept { (void)joined_.request_stop(); }

 private:
  struct pass_on {
    std::stop_source& to;
    void operator()() const noexcept { (void)to.request_stop(); }
  };

  std::stop_source joined_;
  const std::stop_token token_ = joined_.get_token();
  std::stop_callback<pass_on> from_given_;
  std::stop_callback<pass_on> from_pool_;
};

/// For a function that takes none.
struct no_map_stop {
  no_map_stop(const std::stop_token&, const std::stop_token&) noexcept {}
  void request() const noexcept {}
};

}  // namespace filch::inline v0_1::detail
