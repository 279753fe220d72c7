// One thread at a time, by strict priorities that change at random points: the other way to disturb a schedule.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

namespace filch_perturb {

/// What a thread brings along. It lives at least as long as the thread takes turns.
struct ticket {
  std::uint64_t random = 0;
  std::atomic<std::uint64_t> priority{0};
  std::atomic<std::uint64_t> steps{0};
  std::uint32_t points_left = 0;  // until its priority changes
  std::condition_variable called;
};

/// Whoever has the turn goes on from point to point until somebody with a higher priority waits at one. A priority is drawn when
/// a thread comes, and again after a random number of points: mostly one below all others, since the thread may be spinning where
/// nobody can see it. Who spins where it can be seen falls behind at once. (Burckhardt and others, "A randomized scheduler with
/// probabilistic guarantees of finding bugs", ASPLOS 2010: priorities, change points, and their remark on spinning. Their number
/// of change points is fixed and their run has a known length; these come at a rate.)
///
/// A thread that waits in the kernel gives its turn up before. The turn of one that waits where nobody could say so is taken
/// away when it has come to no point for a while. Only such a thread goes on beside the one whose turn it is, and one that has
/// just been woken or made, until its next point.
class turns {
 public:
  explicit turns(std::chrono::milliseconds patience = std::chrono::milliseconds(2)) : patience_(patience) {}

  /// Returns when it is the turn of this thread: whether another one had it meanwhile. Safe from any thread, each with its own
  /// ticket.
  bool pass(ticket& own);
  /// The thread waits for others: at its next point it has the lowest priority of all.
  void fall_behind(ticket& own);
  /// The thread does not come to a point for a while, or never again.
  void leave(ticket& own);

 private:
  bool take(ticket& own);
  void wait_for_turn(ticket& own, std::unique_lock<std::mutex>& lock);
  void draw(ticket& own);

  // With the lock.
  [[nodiscard]] ticket* highest_of_the_others() const;
  void look_who_waits();
  void call_next();

  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::uint64_t turns_given_ = 0;
  std::vector<ticket*> waiting_;
  // Written with the lock. Without it a thread asks only whether it is the holder itself, and whether it should give way: an answer
  // that is a moment old lets it go on to its next point, no further.
  std::atomic<ticket*> holder_{nullptr};
  std::atomic<std::uint64_t> highest_waiting_{0};
  std::atomic<std::uint64_t> lowest_{std::uint64_t{1} << 62};
};

}  // namespace filch_perturb
