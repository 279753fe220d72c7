// Exceptions that nobody asked for: a future may be dropped long after its pool is gone, so what it adds to is shared by
// the pool and the tasks that threw.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>

#include <filch/detail/base/reference_count.hpp>

namespace filch::inline v0_1::detail {

class exception_tally {
 public:
  /// With one holder, who made it. Throws std::bad_alloc.
  [[nodiscard]] static exception_tally* create() { return new exception_tally; }

  /// By a holder: one more.
  [[nodiscard]] exception_tally* share() noexcept {
    holders_.add();
    return this;
  }
  void drop_holder() noexcept {
    if (holders_.drop() == drop_outcome::last) delete this;
  }

  /// By a holder. Any thread.
  void count_dropped() noexcept { (void)dropped_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  exception_tally() noexcept = default;
  ~exception_tally() = default;

  reference_count<> holders_{1};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace filch::inline v0_1::detail
