// What waits for its time in the timers of a pool. The protocol is in src/time/README.md.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>

namespace filch::inline v0_1::detail {

class timed_entry;
class timers;

/// Earliest first; of the same time, first come.
struct timer_key {
  std::chrono::steady_clock::time_point due;
  std::uint64_t number;
  friend auto operator<=>(const timer_key&, const timer_key&) = default;
};
using timer_map = std::map<timer_key, timed_entry*>;

/// Lies in what it stands for, which must not go while it waits.
class timed_entry {
 public:
  timed_entry(const timed_entry&) = delete;
  timed_entry& operator=(const timed_entry&) = delete;

 protected:
  /// Has its place in the map ready, so that adding it cannot fail. Throws std::bad_alloc.
  explicit timed_entry(bool repeats);
  ~timed_entry() = default;

 private:
  friend class timers;

  /// The timer thread, under the lock, when the time has come: hands over to the pool what it stands for, and may be gone then.
  /// Throws when the pool has no memory, or is closed to it; nothing has changed then.
  virtual void queue() = 0;
  /// Whoever has taken it out because the pool cancels or, if it repeats, drains. No lock is held. It may be gone then.
  virtual void end() noexcept = 0;

  const bool repeats_;  // so it ends when the pool drains
  bool waits_ = false;  // all below under the lock of the timers
  timer_map::node_type place_;  // while it does not wait
  timer_map::iterator at_;      // while it does
};

}  // namespace filch::inline v0_1::detail
