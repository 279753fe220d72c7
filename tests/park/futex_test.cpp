// Parking on a word. The promises of futex.hpp, which both back ends must keep: the same file is built with either.
#include "park/futex.hpp"

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include <filch/detail/base/process_generation.hpp>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

using filch::detail::futex_wait;
using filch::detail::futex_wake_all;
using filch::detail::futex_wake_one;
using filch_tests::budget;
using filch_tests::stampede;
using filch_tests::tries;

struct alignas(64) word {
  std::atomic<std::uint32_t> value{0};
};

TEST(futex, a_wait_for_another_value_than_the_word_has_returns_at_once) {
  const word parked_on{7};
  futex_wait(parked_on.value, 8);
  futex_wait(parked_on.value, 8, steady_clock::time_point::max());
  futex_wait(parked_on.value, std::numeric_limits<std::uint32_t>::max());
}

TEST(futex, a_wait_whose_deadline_is_over_returns_at_once) {
  const word parked_on;
  const auto begun = steady_clock::now();
  futex_wait(parked_on.value, 0, begun);
  futex_wait(parked_on.value, 0, begun - 1h);
  futex_wait(parked_on.value, 0, steady_clock::time_point{});
  futex_wait(parked_on.value, 0, steady_clock::time_point{-1s});
  futex_wait(parked_on.value, 0, steady_clock::time_point::min());
  EXPECT_LT(steady_clock::now() - begun, filch_tests::hang_limit);
}

TEST(futex, a_wait_with_a_deadline_ends_after_it_and_not_before) {
  const word parked_on;
  const auto deadline = steady_clock::now() + 20ms;
  // It may end for no reason, so the caller looks at the clock, as every caller must.
  unsigned waits = 0;
  for (; steady_clock::now() < deadline; ++waits) futex_wait(parked_on.value, 0, deadline);
  EXPECT_GE(waits, 1U);
  EXPECT_LT(waits, 1000U) << "the wait does not block";
}

TEST(futex, a_wake_before_the_wait_is_not_kept) {
  word parked_on;
  futex_wake_one(&parked_on.value);
  futex_wake_all(&parked_on.value);
  const auto deadline = steady_clock::now() + 5ms;
  while (steady_clock::now() < deadline) futex_wait(parked_on.value, 0, deadline);
}

TEST(futex, a_wake_needs_no_memory_behind_the_address) {
  const std::atomic<std::uint32_t>* gone = nullptr;
  {
    const auto ended = std::make_unique<word>();
    gone = &ended->value;
  }
  futex_wake_one(gone);
  futex_wake_all(gone);
}

TEST(futex, a_word_changed_before_the_wait_needs_no_wake) {
  word parked_on;
  parked_on.value.store(1);
  futex_wake_one(&parked_on.value);
  futex_wait(parked_on.value, 0);
}

/// Two threads that wait for their turn on one word; the first ends the game.
class to_and_fro {
 public:
  explicit to_and_fro(std::uint32_t rounds) : rounds_(rounds) {}

  template <class Wait>
  void play(unsigned self, Wait wait) {
    for (std::uint32_t mine = self;; mine += 2) {
      std::uint32_t now = turn_.load();
      for (; now != mine && now != over; now = turn_.load()) wait(turn_, now);
      if (now == over) return;
      const bool ends = self == 0 && (mine / 2 == rounds_ || time_.spent());
      turn_.store(ends ? over : mine + 1);
      futex_wake_one(&turn_);
      if (ends) return;
    }
  }

 private:
  static constexpr std::uint32_t over = ~std::uint32_t{0};
  const std::uint32_t rounds_;
  const budget time_;
  std::atomic<std::uint32_t> turn_{0};
};

// A lost wake-up hangs here.
TEST(futex, two_threads_hand_a_word_to_and_fro) {
  alignas(64) to_and_fro game(tries(3'000, 2'000));
  stampede(2, [&](unsigned self) {
    game.play(self, [](const std::atomic<std::uint32_t>& word, std::uint32_t seen) { futex_wait(word, seen); });
  });
}

TEST(futex, a_timed_wait_is_woken_long_before_its_deadline) {
  alignas(64) to_and_fro game(tries(1'000, 500));
  stampede(2, [&](unsigned self) {
    game.play(self, [](const std::atomic<std::uint32_t>& word, std::uint32_t seen) {
      futex_wait(word, seen, steady_clock::time_point::max());
    });
  });
}

TEST(futex, wake_one_wakes_somebody_each_time) {
  constexpr unsigned waiters = 4;
  constexpr std::uint32_t rounds = tries(2'000, 500);
  word permits;
  std::atomic<std::uint32_t> used{0};
  stampede(waiters + 1, [&](unsigned part) {
    if (part == waiters) {
      for (std::uint32_t i = 0; i != waiters * rounds; ++i) {
        permits.value.fetch_add(1);
        futex_wake_one(&permits.value);
      }
      return;
    }
    for (std::uint32_t taken = 0; taken != rounds;) {
      std::uint32_t now = permits.value.load();
      if (now == 0)
        futex_wait(permits.value, 0);
      else if (permits.value.compare_exchange_strong(now, now - 1))
        ++taken, used.fetch_add(1);
    }
  });
  EXPECT_EQ(used.load(), waiters * rounds);
  EXPECT_EQ(permits.value.load(), 0U);
}

TEST(futex, wake_all_wakes_everybody) {
  constexpr unsigned waiters = 6;
  constexpr std::uint32_t rounds = tries(1'000, 200);
  word gate;
  word arrived;
  std::atomic<bool> over{false};
  const budget time;
  stampede(waiters + 1, [&](unsigned part) {
    for (std::uint32_t round = 0; round != rounds; ++round) {
      if (part != waiters) {
        arrived.value.fetch_add(1);
        futex_wake_one(&arrived.value);
        while (gate.value.load() == round) futex_wait(gate.value, round);
        if (over.load()) return;
        continue;
      }
      const std::uint32_t everybody = waiters * (round + 1);
      for (std::uint32_t now = arrived.value.load(); now != everybody; now = arrived.value.load())
        futex_wait(arrived.value, now);
      if (time.spent()) over.store(true);
      gate.value.store(round + 1);
      futex_wake_all(&gate.value);
      if (over.load()) return;
    }
  });
}

TEST(futex, neighbours_do_not_take_each_others_wakes) {
  constexpr unsigned pairs = 4;
  // Close together: the portable back end puts words of one cache line into one bucket.
  std::vector<std::unique_ptr<to_and_fro>> games;
  for (unsigned i = 0; i != pairs; ++i) games.push_back(std::make_unique<to_and_fro>(tries(3'000, 500)));
  stampede(2 * pairs, [&](unsigned part) {
    games[part / 2]->play(part % 2, [](const std::atomic<std::uint32_t>& word, std::uint32_t seen) {
      futex_wait(word, seen);
    });
  });
}

// What a back end keeps for itself, a mutex say, may be held at the moment of the fork by a thread that the child does not have.
TEST(futex, a_child_made_while_others_sleep_and_wake_can_do_so_too) {
  static std::array<word, 256> words;
  filch::detail::watch_for_forks();
  // The words are 0: whoever waits for another value looks and returns.
  const auto touch_all = [] {
    for (const word& each : words) {
      futex_wait(each.value, 1);
      futex_wake_all(&each.value);
    }
  };
  std::atomic<bool> enough{false};
  std::vector<std::jthread> others;
  for (int i = 0; i != 3; ++i)
    others.emplace_back([&] {
      while (!enough) touch_all();
    });
  for (int round = 0; round != 100 && !testing::Test::HasFailure(); ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);
      touch_all();
      ::_exit(0);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "the child did not come back";
  }
  enough = true;
}

}  // namespace
