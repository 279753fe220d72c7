// What a thread parks on while it waits for a future: one waiter and one notifier a round.
#include "park/parker.hpp"

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <filch/detail/base/pause.hpp>

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

using filch::detail::park_result;
using filch::detail::parker;
using filch_tests::budget;
using filch_tests::dice;
using filch_tests::no_more_rounds;
using filch_tests::round_begins;
using filch_tests::stampede;
using filch_tests::tries;
using filch_tests::wait_for;

TEST(parker, a_notification_before_the_wait_is_kept) {
  parker own;
  for (const unsigned spin_turns : {0U, 10U}) {
    own.prepare();
    own.unpark();
    EXPECT_EQ(own.park(std::nullopt, spin_turns), park_result::notified);
    own.prepare();
    own.unpark();
    EXPECT_EQ(own.park(steady_clock::now() - 1s, spin_turns), park_result::notified)
        << "who was notified has not timed out, however late it asks";
  }
}

TEST(parker, a_wait_that_nobody_ends_times_out_at_its_deadline) {
  parker own;
  own.prepare();
  EXPECT_EQ(own.park(steady_clock::now() - 1h, 0), park_result::timed_out);
  own.prepare();
  const auto deadline = steady_clock::now() + 5ms;
  EXPECT_EQ(own.park(deadline, 3), park_result::timed_out);
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(parker, a_notification_after_the_time_is_up_ends_the_next_wait) {
  parker own;
  own.prepare();
  ASSERT_EQ(own.park(steady_clock::now(), 0), park_result::timed_out);
  own.unpark();
  EXPECT_EQ(own.park(std::nullopt, 0), park_result::notified);
}

TEST(parker, prepare_forgets_the_round_before) {
  parker own;
  own.prepare();
  own.unpark();
  own.prepare();
  EXPECT_EQ(own.park(steady_clock::now(), 5), park_result::timed_out);
}

TEST(parker, each_thread_has_its_own_and_keeps_it) {
  std::atomic<parker*> seen[2]{};
  stampede(2, [&](unsigned part) {
    seen[part].store(&filch::detail::this_thread_parker());
    while (seen[1 - part].load() == nullptr) std::this_thread::yield();
    EXPECT_EQ(seen[part].load(), &filch::detail::this_thread_parker());
  });
  EXPECT_NE(seen[0].load(), seen[1].load());
}

TEST(parker, two_threads_wake_each_other_round_by_round) {
  constexpr std::uint64_t rounds = tries(3'000, 2'000);
  for (const unsigned spin_turns : {0U, 50U}) {
    parker own[2];
    bool over = false;  // both are written by whose turn it is: plain, so that a wake that publishes nothing is a race
    std::uint64_t written = 0;
    std::uint64_t turns[2] = {};
    const budget time;
    stampede(2, [&](unsigned self) {
      for (;;) {
        if (self == 1 || turns[0] != 0) {
          ASSERT_EQ(own[self].park(std::nullopt, spin_turns), park_result::notified);
          own[self].prepare();
        }
        if (over) return;
        ++written;
        ++turns[self];
        over = self == 0 && (turns[0] == rounds || time.spent());
        const bool was_last = over;
        own[1 - self].unpark();
        if (was_last) return;
      }
    });
    EXPECT_EQ(written, turns[0] + turns[1]);
  }
}

// The notifier touches the memory once, with its exchange; the waiter's frame may be gone before it wakes anybody.
TEST(parker, a_notifier_may_outlive_the_frame_that_waited) {
  constexpr std::uint64_t rounds = tries(4'000, 2'000);
  std::atomic<parker*> waiting{nullptr};
  std::atomic<bool> over{false};
  const budget time;
  stampede(2, [&](unsigned part) {
    if (part == 0) {
      for (std::uint64_t round = 0; round != rounds && !time.spent(); ++round) {
        const auto frame = std::make_unique<parker>();
        waiting.store(frame.get());
        ASSERT_EQ(frame->park(std::nullopt, round % 3 == 0 ? 20 : 0), park_result::notified);
        // The frame goes while the notifier may still be on its way to the futex.
      }
      over.store(true);
      return;
    }
    while (!over.load()) {
      if (parker* const woken = waiting.exchange(nullptr); woken != nullptr)
        woken->unpark();
      else
        std::this_thread::yield();
    }
  });
}

TEST(parker, a_time_limit_and_a_notification_that_race_end_in_one_of_the_two) {
  constexpr std::uint64_t rounds = tries(2'500, 1'000);
  parker own;
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> sent{0};
  std::uint64_t timeouts = 0;
  const budget time;
  stampede(2, [&](unsigned part) {
    dice random(part);
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      if (part == 1) {
        if (!round_begins(begun, round)) return;
        for (std::uint64_t turn = random.roll(3000); turn != 0; --turn) filch::detail::pause();
        own.unpark();
        sent.store(round);
        continue;
      }
      if (time.spent()) break;
      own.prepare();
      begun.store(round);
      const auto limit = std::chrono::microseconds{random.roll(60)};
      if (own.park(steady_clock::now() + limit, 0) == park_result::timed_out) {
        ++timeouts;
        ASSERT_EQ(own.park(std::nullopt, 10), park_result::notified);
      }
      wait_for(sent, round);  // the next round must meet no notifier
    }
    if (part == 0) begun.store(no_more_rounds);
  });
  RecordProperty("timeouts", std::to_string(timeouts));
}

}  // namespace
