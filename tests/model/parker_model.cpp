// What a thread parks on while it waits for a future: one waiter, one notifier a round, and a wait whose time passes.
#include "scenario.hpp"

namespace filch::inline v0_1::detail {

using steady_time = std::chrono::steady_clock::time_point;
inline constexpr std::size_t cache_line = 64;

inline void pause() { model::relacy_atomics::pause(); }
inline void futex_wait(const model::atomic<std::uint32_t>& word, std::uint32_t expected,
                       std::optional<steady_time> deadline) {
  if (deadline)
    model::relacy_atomics::wait_for_a_while(word, expected);
  else
    model::relacy_atomics::wait(word, expected);
}
// By the address alone: the parker may be gone.
inline void futex_wake_one(const model::atomic<std::uint32_t>* word,
                           std::source_location where = std::source_location::current()) {
  model::relacy_atomics::wake(*word, where);
}

#include "shipped_parker.inc"

}  // namespace filch::inline v0_1::detail

namespace filch::model {
namespace {

using detail::park_result;
using detail::parker;

/// One round after the other on the same parker: what the notifier wrote is visible, and no notification is lost or left.
struct rounds : scenario<2> {
  static constexpr unsigned count = 3;
  parker own;
  atomic<unsigned> installed{0};
  plain<unsigned> result{0};

  void thread(unsigned index) override {
    for (unsigned round = 1; round != count + 1; ++round) {
      if (index == 0) {
        own.prepare();
        installed.store(round, std::memory_order_release);
        RL_ASSERT(own.park(std::nullopt, rl::rand(3)) == park_result::notified);
        RL_ASSERT(result == round);
      } else {
        while (installed.load(std::memory_order_acquire) != round) relacy_atomics::pause();
        result = round;
        own.unpark();
      }
    }
  }
};

/// As park_on() in src/task/wait.cpp, several rounds on one parker: a waiter whose time is up either takes itself out, and
/// is not notified, or consumes the notification. `list` stands for the waiters' list of the state word.
struct time_passes : scenario<2> {
  static constexpr unsigned rounds = 3;
  parker own;
  atomic<unsigned> list[rounds]{};
  plain<int> results[rounds];
  static constexpr unsigned ready = 1;
  static constexpr unsigned waiting = 2;

  void before() override {
    for (plain<int>& each : results) each = 0;
  }

  void thread(unsigned index) override {
    for (unsigned round = 0; round != rounds; ++round) {
      if (index == 1) {
        results[round] = 1;
        if (list[round].exchange(ready, std::memory_order_acq_rel) == waiting) own.unpark();
      } else if (wait(list[round])) {
        RL_ASSERT(results[round] == 1);
      }
    }
  }

  bool wait(atomic<unsigned>& word) {
    own.prepare();
    unsigned seen = 0;
    if (!word.compare_exchange_strong(seen, waiting, std::memory_order_acq_rel, std::memory_order_acquire)) return true;
    if (own.park(detail::steady_time::min(), rl::rand(2)) == park_result::notified) return true;
    seen = waiting;
    if (word.compare_exchange_strong(seen, 0, std::memory_order_acq_rel, std::memory_order_acquire)) return false;
    RL_ASSERT(own.park(std::nullopt, 2) == park_result::notified);
    return true;
  }
};

/// The waiter's thread ends at once, and its parker with it.
struct the_parker_goes : scenario<2> {
  parker* own = nullptr;

  void before() override { own = new parker; }

  void thread(unsigned index) override {
    if (index == 0) {
      RL_ASSERT(own->park(std::nullopt, rl::rand(3)) == park_result::notified);
      delete own;
    } else {
      own->unpark();
    }
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<rounds>("rounds", 100'000),
      executed<time_passes>("the time passes", 100'000),
      executed<the_parker_goes>("the parker goes", 100'000),
  });
}
