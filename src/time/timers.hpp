// What waits for its time, in order, and the thread that hands it to the pool when the time has come. One a pool, made with the
// first timer. The protocol is in src/time/README.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include <filch/detail/time/timed_entry.hpp>

#include "park/futex.hpp"
#include "runtime/pool_core.hpp"
#include "runtime/pool_service.hpp"
#include "runtime/thread.hpp"

namespace filch::inline v0_1 {
class virtual_clock;
}

namespace filch::inline v0_1::detail {

class timers final : public pool_service {
 public:
  explicit timers(pool_core& pool) noexcept : pool_(pool) {}
  ~timers() override;

  [[nodiscard]] pool_core& pool() const noexcept { return pool_; }
  [[nodiscard]] steady_time now() const noexcept;

  /// Starts the thread if there is none. Throws std::system_error.
  void require_thread();

  /// Lets a clock decide what time it is, instead of the steady one; for that clock. Throws std::invalid_argument after the
  /// first timer.
  void use(virtual_clock& clock);
  /// That clock has been moved: returns when all that is due by it has been handed over.
  void catch_up();

  /// Lets the entry wait. Ends it instead if the pool cancels.
  void add(timed_entry& entry, steady_time due) noexcept;
  /// Takes it out. False when it did not wait.
  bool withdraw(timed_entry& entry) noexcept;

  /// Whether the calling thread is a timer thread inside what an entry does.
  [[nodiscard]] static bool acts_here() noexcept { return acts_here_; }

  /// For the one entry that watches over the pool: it comes due so long after each call of watch_on(). After sleep_on() only
  /// when the pool's workers have all slept, so long after one has woken.
  enum class watch_outcome { watches, pool_has_one, pool_is_closed };
  [[nodiscard]] watch_outcome let_watch(timed_entry& entry, steady_time::duration interval) noexcept;
  /// False when the pool has been closed.
  [[nodiscard]] bool watch_on(timed_entry& entry) noexcept;
  [[nodiscard]] bool sleep_on(timed_entry& entry) noexcept;
  void end_watch(timed_entry& entry) noexcept;

  // --- pool_service ---
  void drain() noexcept override;
  void cancel() noexcept override;
  void work_has_come() noexcept override;
  void stop() noexcept override;

  // --- for those with more to decide under the lock ---
  [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }
  [[nodiscard]] bool takes_what_repeats() const noexcept { return mode_ == mode::open; }
  [[nodiscard]] bool takes_tasks() const noexcept { return mode_ < mode::cancelling; }
  void insert(timed_entry& entry, steady_time due) noexcept;
  /// Takes it out. False when it does not wait.
  bool withdraw_locked(timed_entry& entry) noexcept;

 private:
  enum class mode { open, draining, cancelling, stopped };
  /// What a pass over the map has come to: an entry that acts, or when to look again.
  struct pass {
    timed_entry* acts;
    std::optional<steady_time> next;
  };

  static void thread_main(void* self) noexcept;
  void main() noexcept;
  [[nodiscard]] pass hand_over_what_is_due() noexcept;
  static void act(timed_entry& entry, std::unique_lock<std::mutex>& lock) noexcept;
  [[nodiscard]] std::optional<after_due> hand_over(timed_entry& entry) noexcept;
  void tell_passes() noexcept;
  void sleep(std::optional<steady_time> until, std::unique_lock<std::mutex>& lock) noexcept;
  void wake() noexcept;
  void end_all(mode by) noexcept;
  [[nodiscard]] timed_entry* take_next_that_ends(mode by, timer_key& last) noexcept;
  [[nodiscard]] bool wait_on(timed_entry& entry, steady_time due) noexcept;
  void put(timed_entry& entry) noexcept;
  void remove(timed_entry& entry) noexcept;

  static constinit thread_local bool acts_here_;

  pool_core& pool_;
  std::mutex mutex_;
  timer_map waiting_;  // all from here on under it
  std::uint64_t added_ = 0;
  mode mode_ = mode::open;
  timed_entry* watching_ = nullptr;
  steady_time::duration watch_interval_{};
  virtual_clock* clock_ = nullptr;
  bool started_ = false;
  bool asleep_ = false;
  std::uint32_t passes_asked_ = 0;
  std::atomic<std::uint32_t> passes_made_{0};  // futex word of who has asked; written under the lock
  std::atomic<std::uint32_t> epoch_{0};  // futex word of the thread; written under the lock
  thread thread_;
};

}  // namespace filch::inline v0_1::detail
