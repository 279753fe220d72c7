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

/// What becomes of an entry when the pool ends.
enum class entry_kind {
  once,     // ends when the pool cancels
  repeats,  // ends also when it drains
  watches,  // the same, and is nothing that the pool would wait for
  alarm     // goes with a task that the pool waits for, and so does not end by itself
};

/// What has become of an entry whose time has come.
struct after_due {
  enum class kind {
    gone,   // handed over
    waits,  // comes again, at another time
    acts    // act() is to be called
  };
  kind what = kind::gone;
  std::chrono::steady_clock::time_point again{};
};

/// Lies in what it stands for, which must not go while it waits.
class timed_entry {
 public:
  timed_entry(const timed_entry&) = delete;
  timed_entry& operator=(const timed_entry&) = delete;

 protected:
  /// Has its place in the map ready, so that adding it cannot fail. Throws std::bad_alloc.
  explicit timed_entry(entry_kind kind);
  ~timed_entry() = default;

 private:
  friend class timers;

  /// The timer thread, under the lock, when the time has come and it has been taken out: hands over to the pool what it stands
  /// for, and may be gone then. Throws when the pool has no memory, or is closed to it; nothing has changed then.
  virtual after_due come_due() = 0;
  /// The timer thread afterwards, if that was the answer. No lock is held. It may be gone then.
  virtual void act() noexcept {}
  /// Whoever has taken it out because the pool cancels or, if it repeats, drains. No lock is held. It may be gone then.
  virtual void end() noexcept {}

  const entry_kind kind_;
  bool waits_ = false;  // all below under the lock of the timers
  timer_map::node_type place_;  // while it does not wait
  timer_map::iterator at_;      // while it does
};

}  // namespace filch::inline v0_1::detail
