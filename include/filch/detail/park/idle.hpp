// How an idle worker goes to sleep and how it is woken, without a lost wakeup. The steps and the proof are in
// src/park/README.md; this is the only code that performs them.
//
// Host is what lies above: the workers' queues and groups. It has
//   bool work_visible()                      is anything in any queue that this worker could take?
//   void out_of_work()                       called once by each worker that is about to park, to retire or to end
//   bool must_stay_awake(seat)               has stop() been called, is this worker one too many, or has it
//                                            memory to give back?
//   unsigned search_limit(group)             how many may search before a further worker parks at once
//   unsigned group_count()
//   idle_word<>& word(group)                 of the same atomics
//   unsigned group_size(group)
//   unsigned nth_group(home, n)              the n-th group in order of distance from `home`; n = 0 is `home`
//   park_token<Atomics>& token(group, bit)
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/cache_line.hpp>
#include <filch/detail/park/idle_word.hpp>

namespace filch::inline v0_1::detail {

/// What a parked worker sleeps on: 0 empty, 1 notified. On its own line, and it outlives every task.
template <class Atomics = standard_atomics>
struct park_token {
  alignas(cache_line) typename Atomics::template atomic<std::uint32_t> word{0};

  /// Lets the worker pass its next wait.
  void notify() noexcept {
    // [I5] release exchange, pairs with [I6]: what the waker did before is visible to the woken. The result is used,
    // or the compiler makes a plain store of it and a second notifier could not tell that it is second.
    if (word.exchange(1, std::memory_order_release) == 0) Atomics::wake(word);
  }

  /// Blocks until notified, and takes the notification.
  void wait() noexcept {
    // [I6] acquire exchange, pairs with [I5]: weaker, the woken may not see the task it was woken for.
    while (word.exchange(0, std::memory_order_acquire) == 0) Atomics::wait(word, 0);
  }
};

/// Where a worker stands in the idle words.
struct idle_seat {
  unsigned group;
  unsigned bit;
};

template <class Host, class Atomics = standard_atomics>
class idle_protocol {
 public:
  explicit idle_protocol(Host& host) noexcept : host_(host) {}

  /// After a push of `count` items to a deque: wakes a worker, or as many as there are items, unless one searches already.
  /// Costs a load a group while all workers are busy.
  void work_pushed(unsigned home, unsigned count = 1) noexcept {
    // [I12] light fence, pairs with the heavy one [I2]: a worker that is not in its word at this look, and goes to sleep later,
    // sees the push in its own look. Who is in it is looked at again, after a full fence.
    Atomics::light_fence();
    if (all_are_busy()) return;
    Atomics::full_fence();  // [I8]
    work_arrived(home, count);
  }

  /// After a full fence that follows an enqueue: wakes a worker unless one searches already.
  void work_arrived(unsigned home) noexcept { work_arrived(home, 1); }

  /// The same for `count` items: wakes up to as many workers of the nearest group that has any parked; the
  /// chain in found() brings the others.
  void work_arrived(unsigned home, unsigned count) noexcept {
    for (unsigned group = 0; group != host_.group_count(); ++group)
      if (host_.word(group).somebody_searches()) return;
    wake_nearest(home, count);
  }

  /// busy -> searching, or crowded: then park_busy() is next.
  [[nodiscard]] search_entry try_begin_search(idle_seat seat) noexcept {
    return host_.word(seat.group).try_begin_search(host_.search_limit(seat.group));
  }

  /// searching -> busy, with a task in hand. The last searcher of its group looks once more and wakes the next: a
  /// submitter may have stayed silent because somebody was searching.
  void found(idle_seat seat) noexcept {
    if (host_.word(seat.group).end_search() == search_exit::others_search) return;
    // [I4] full fence, pairs with the submitter's push: either it saw nobody searching, or this look sees its work.
    Atomics::full_fence();
    if (host_.work_visible()) wake_nearest(seat.group, 1);
  }

  /// searching -> parked -> searching. Returns when there is work, when somebody woke this worker, or on stop.
  void park_searcher(idle_seat seat) noexcept {
    host_.word(seat.group).park_searcher(seat.bit);
    sleep(seat);
  }

  /// busy -> parked -> searching, for a worker that found the search crowded.
  void park_busy(idle_seat seat) noexcept {
    host_.word(seat.group).park_busy(seat.bit);
    sleep(seat);
  }

  /// searching -> busy, with empty hands and the intention not to park here: a worker that ends, or a spare that asks
  /// to retire. True when the caller must search again, and counts as searching again.
  [[nodiscard]] bool leave_empty_handed(idle_seat seat) noexcept {
    (void)host_.word(seat.group).end_search();
    Atomics::full_fence();  // [I2]; nobody who passed a light fence alone relies on a searcher
    host_.out_of_work();
    if (!host_.work_visible()) return false;
    host_.word(seat.group).add_searcher();
    return true;
  }

  /// Wakes every worker for good: the only tokens that nobody has paid for with a claim. must_stay_awake() must be true
  /// for all before.
  void stop() noexcept {
    Atomics::full_fence();  // [I7] pairs with [I2]: a sleeper sees the flag, or its token is set after it has parked
    for (unsigned group = 0; group != host_.group_count(); ++group)
      for (unsigned bit = 0; bit != host_.group_size(group); ++bit) host_.token(group, bit).notify();
  }

  /// Wakes one parked worker of `among` in `group`, though there may be nothing to do. Whether there was one.
  bool call_up(unsigned group, std::uint64_t among) noexcept {
    const std::uint64_t called = host_.word(group).call_up(among);
    send_tokens(group, called);
    return called != 0;
  }

 private:
  [[nodiscard]] bool all_are_busy() noexcept {
    for (unsigned group = 0; group != host_.group_count(); ++group)
      if (!host_.word(group).is_empty()) return false;
    return true;
  }

  void wake_nearest(unsigned home, unsigned count) noexcept {
    for (unsigned n = 0; n != host_.group_count(); ++n) {
      const unsigned group = host_.nth_group(home, n);
      const claim_result got = host_.word(group).claim(count);
      send_tokens(group, got.workers);
      // Whoever searches there, perhaps only since a moment ago, finds the work or looks once more when it leaves.
      if (got.workers != 0 || got.somebody_searches) return;
    }
  }

  // A claimed worker counts as searching before its token is set.
  void send_tokens(unsigned group, std::uint64_t claimed) noexcept {
    for (; claimed != 0; claimed &= claimed - 1)
      host_.token(group, static_cast<unsigned>(std::countr_zero(claimed))).notify();
  }

  void sleep(idle_seat seat) noexcept {
    // [I2] heavy fence, after the read-modify-write [I1] that has just set this worker's bit; pairs with what stands between
    // the submitter's push and its look [I3], a full fence [I8] or a light one [I12]: either the submitter sees this bit, or
    // the look below sees its work. Without it a task stays queued beside a parked worker.
    Atomics::heavy_fence();
    host_.out_of_work();
    if (host_.work_visible() || host_.must_stay_awake(seat)) {
      if (host_.word(seat.group).try_unpark(seat.bit) == unpark_outcome::searching) return;
      // Somebody claimed this worker meanwhile: the token is coming and must not be left behind.
    }
    host_.token(seat.group, seat.bit).wait();
    // A token without a claim comes from stop() alone; the bit is then still set.
    (void)host_.word(seat.group).try_unpark(seat.bit);
  }

  Host& host_;
};

}  // namespace filch::inline v0_1::detail
