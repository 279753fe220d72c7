// Which process this is, counted in forks: a child's number differs from that of everything its parent made.
#pragma once

#include <atomic>
#include <cstdint>

namespace filch::inline v0_1::detail {

/// Grows by one in each child, once watch_for_forks() was called in the parent. A word, because a call of getpid() on
/// every submission would cost more than the submission.
extern constinit std::atomic<std::uint32_t> process_generation_word;

[[nodiscard]] inline std::uint32_t process_generation() noexcept {
  return process_generation_word.load(std::memory_order_relaxed);
}

/// Registers the counter with fork(), the first time it is called. Thread-safe. Throws std::bad_alloc.
void watch_for_forks();

}  // namespace filch::inline v0_1::detail
