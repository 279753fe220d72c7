// Exceptions that nobody asked for: a future may be dropped long after its pool is gone, so what it adds to is held by the
// pool and by the tasks that threw.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/held_object.hpp>

namespace filch::inline v0_1::detail {

class exception_tally final : public held_object<exception_tally> {
 public:
  /// With one holder, who made it. Throws std::bad_alloc.
  [[nodiscard]] static exception_tally* create() { return new exception_tally; }

  /// By a holder. Any thread.
  void count_dropped() noexcept { (void)dropped_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  friend class held_object<exception_tally>;
  exception_tally() noexcept = default;
  ~exception_tally() = default;

  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace filch::inline v0_1::detail
