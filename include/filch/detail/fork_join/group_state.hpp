// What the tasks of a group share: how many there are, whether they are still wanted, and what went wrong first.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <stop_token>

#include <filch/detail/base/process_generation.hpp>
#include <filch/detail/runtime/child_count.hpp>

namespace filch::inline v0_1::detail {

/// How many groups of this process are cancelled at this moment. While it is 0 a task that begins need not look at its group,
/// whose line is written by whoever adds tasks.
extern constinit std::atomic<std::uint32_t> cancelled_groups;

class group_state : public child_count<> {
 public:
  group_state() noexcept = default;
  ~group_state();
  group_state(const group_state&) = delete;
  group_state& operator=(const group_state&) = delete;

  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }

  /// Sees each cancellation that happens before.
  [[nodiscard]] bool is_cancelled() const noexcept {
    return cancelled_groups.load(std::memory_order_relaxed) != 0 && cancelled_.load(std::memory_order_relaxed);
  }

  void cancel() noexcept;
  enum class failure { thrown, never_begun };
  /// Cancels, and keeps the reason if it is the first: whether it is.
  bool fail(std::exception_ptr reason, failure how) noexcept;
  /// One that cancel() stops. Throws forked, and std::bad_alloc.
  [[nodiscard]] std::stop_token stop_token();

  struct ending {
    bool cancelled;
    bool was_thrown;  // the reason, by a task
    std::exception_ptr reason;
  };
  /// For who has waited for all: how it went. Afterwards the state is as new.
  [[nodiscard]] ending end() noexcept;

 private:
  class lock_guard;

  bool keep_if_first(std::exception_ptr& reason, failure how) noexcept;
  std::optional<std::stop_token> token_if_made() noexcept;

  // Held for some instructions, and by nobody while the tasks run well.
  std::atomic<bool> locked_{false};
  std::atomic<bool> cancelled_{false};
  bool was_thrown_ = false;  // under the lock
  const std::uint32_t generation_ = process_generation();
  std::exception_ptr reason_;                // under the lock
  std::stop_source stop_{std::nostopstate};  // under the lock; made when somebody asks
};

}  // namespace filch::inline v0_1::detail
