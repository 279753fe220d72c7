// The state of a task: each transition, what happens in between, and the races that one must win.
#include <filch/detail/task/state_word.hpp>

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

namespace {

using filch::detail::basic_waiter;
using filch::detail::claim_outcome;
using filch::detail::install_outcome;
using filch::detail::standard_atomics;
using filch::detail::state_word;
using filch::detail::uninstall_outcome;
using filch_tests::dice;
using filch_tests::stampede;
using filch_tests::tries;

template <class Atomics>
struct noting_waiter : basic_waiter<Atomics> {
  noting_waiter() noexcept : basic_waiter<Atomics>(&note) {}
  static void note(basic_waiter<Atomics>& self) noexcept {
    static_cast<noting_waiter&>(self).notified.fetch_add(1, std::memory_order_release);
  }
  std::atomic<unsigned> notified{0};
};
using waiter = noting_waiter<standard_atomics>;

std::vector<const void*> as_list(const basic_waiter<standard_atomics>* first) {
  std::vector<const void*> list;
  for (; first != nullptr; first = first->next) list.push_back(first);
  return list;
}

// --- one thread ---

TEST(state_word, a_fresh_task_is_neither_claimed_nor_ready) {
  const state_word<> word;
  EXPECT_FALSE(word.is_claimed());
  EXPECT_FALSE(word.is_ready());
}

TEST(state_word, only_the_first_claim_wins) {
  state_word<> word;
  EXPECT_EQ(word.claim(), claim_outcome::claimed);
  EXPECT_TRUE(word.is_claimed());
  EXPECT_FALSE(word.is_ready());
  EXPECT_EQ(word.claim(), claim_outcome::taken);
}

TEST(state_word, a_finished_task_is_ready_and_stays_claimed) {
  state_word<> word;
  ASSERT_EQ(word.claim(), claim_outcome::claimed);
  EXPECT_EQ(word.finish(), nullptr);
  EXPECT_TRUE(word.is_ready());
  EXPECT_TRUE(word.is_claimed());
  EXPECT_EQ(word.claim(), claim_outcome::taken);
}

TEST(state_word, a_task_finished_without_a_claim_can_be_claimed_by_nobody) {
  state_word<> word;
  EXPECT_EQ(word.finish(), nullptr);
  EXPECT_TRUE(word.is_claimed());
  EXPECT_EQ(word.claim(), claim_outcome::taken);
}

TEST(state_word, finish_returns_the_waiters_newest_first) {
  state_word<> word;
  waiter first;
  waiter second;
  waiter third;
  EXPECT_EQ(word.install(first), install_outcome::installed);
  ASSERT_EQ(word.claim(), claim_outcome::claimed);
  EXPECT_EQ(word.install(second), install_outcome::installed);
  EXPECT_EQ(word.install(third), install_outcome::installed);
  EXPECT_TRUE(word.is_claimed()) << "installing keeps the flag";
  EXPECT_FALSE(word.is_ready());
  EXPECT_EQ(as_list(word.finish()), (std::vector<const void*>{&third, &second, &first}));
}

TEST(state_word, installing_on_a_finished_task_says_ready) {
  state_word<> word;
  EXPECT_EQ(word.finish(), nullptr);
  waiter late;
  EXPECT_EQ(word.install(late), install_outcome::ready);
  EXPECT_EQ(word.uninstall(late), uninstall_outcome::ready);
  EXPECT_EQ(late.notified.load(), 0U);
}

TEST(state_word, a_waiter_leaves_from_the_head_the_middle_and_the_tail) {
  for (unsigned leaving = 0; leaving != 3; ++leaving) {
    state_word<> word;
    waiter waiters[3];
    for (waiter& each : waiters) ASSERT_EQ(word.install(each), install_outcome::installed);
    ASSERT_EQ(word.claim(), claim_outcome::claimed);
    EXPECT_EQ(word.uninstall(waiters[leaving]), uninstall_outcome::removed);
    EXPECT_TRUE(word.is_claimed());
    std::vector<const void*> expected;
    for (unsigned i = 3; i-- != 0;)
      if (i != leaving) expected.push_back(&waiters[i]);
    EXPECT_EQ(as_list(word.finish()), expected);
  }
}

TEST(state_word, the_only_waiter_leaves_and_may_come_again) {
  state_word<> word;
  waiter own;
  for (int round = 0; round != 3; ++round) {
    EXPECT_EQ(word.install(own), install_outcome::installed);
    EXPECT_EQ(word.uninstall(own), uninstall_outcome::removed);
  }
  EXPECT_FALSE(word.is_claimed());
  EXPECT_EQ(word.finish(), nullptr);
}

TEST(state_word, notify_all_notifies_each_once_and_reads_the_next_first) {
  // Each waiter ends its life in its notification: whoever read `next` afterwards would read freed memory.
  struct vanishing : basic_waiter<standard_atomics> {
    explicit vanishing(unsigned& counter) noexcept : basic_waiter(&vanish), count(counter) {}
    static void vanish(basic_waiter& self) noexcept {
      auto* const own = static_cast<vanishing*>(&self);
      ++own->count;
      own->next = own;  // a list that is followed from here never ends
      delete own;
    }
    unsigned& count;
  };
  unsigned notified = 0;
  state_word<> word;
  for (int i = 0; i != 5; ++i) ASSERT_EQ(word.install(*new vanishing(notified)), install_outcome::installed);
  filch::detail::notify_all(word.finish());
  EXPECT_EQ(notified, 5U);
  filch::detail::notify_all<standard_atomics>(nullptr);
}

// --- another's step at a fixed place ---

/// Standard atomics that call a hook before the compare-and-swap or the xor of the word, and in a pause.
struct interrupted_atomics {
  template <class T>
  class atomic : public std::atomic<T> {
   public:
    using std::atomic<T>::atomic;
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure) {
      call(before_exchange);
      return std::atomic<T>::compare_exchange_strong(expected, desired, success, failure);
    }
    T fetch_xor(T mask, std::memory_order order) {
      call(before_xor);
      return std::atomic<T>::fetch_xor(mask, order);
    }
  };
  template <class T>
  using plain = T;
  static void full_fence() noexcept {}
  static void pause() noexcept {}

  static void call(void (*&hook)()) {
    if (auto* const now = std::exchange(hook, nullptr); now != nullptr) now();
  }
  static inline void (*before_exchange)() = nullptr;
  static inline void (*before_xor)() = nullptr;
};

class state_word_interrupted : public testing::Test {
 protected:
  state_word_interrupted() { interrupted = &word; }
  ~state_word_interrupted() override { interrupted_atomics::before_exchange = interrupted_atomics::before_xor = nullptr; }

  state_word<interrupted_atomics> word;
  noting_waiter<interrupted_atomics> own;
  noting_waiter<interrupted_atomics> others;
  static inline state_word<interrupted_atomics>* interrupted = nullptr;
  static inline noting_waiter<interrupted_atomics>* coming = nullptr;
};

TEST_F(state_word_interrupted, a_claim_made_during_an_unlink_is_not_erased) {
  for (const bool from_head : {true, false}) {
    state_word<interrupted_atomics> fresh;
    interrupted = &fresh;
    noting_waiter<interrupted_atomics> first;
    noting_waiter<interrupted_atomics> second;
    ASSERT_EQ(fresh.install(first), install_outcome::installed);
    ASSERT_EQ(fresh.install(second), install_outcome::installed);
    interrupted_atomics::before_xor = [] { EXPECT_EQ(interrupted->claim(), claim_outcome::claimed); };
    EXPECT_EQ(fresh.uninstall(from_head ? second : first), uninstall_outcome::removed);
    EXPECT_TRUE(fresh.is_claimed());
    EXPECT_EQ(fresh.claim(), claim_outcome::taken);
    EXPECT_EQ(fresh.finish(), from_head ? &first : &second);
  }
}

TEST_F(state_word_interrupted, a_claim_made_during_an_install_is_not_erased) {
  interrupted_atomics::before_exchange = [] { EXPECT_EQ(interrupted->claim(), claim_outcome::claimed); };
  EXPECT_EQ(word.install(own), install_outcome::installed);
  EXPECT_EQ(word.claim(), claim_outcome::taken);
  EXPECT_EQ(word.finish(), &own);
}

TEST_F(state_word_interrupted, a_waiter_that_comes_while_another_installs_is_kept) {
  coming = &others;
  interrupted_atomics::before_exchange = [] { EXPECT_EQ(interrupted->install(*coming), install_outcome::installed); };
  EXPECT_EQ(word.install(own), install_outcome::installed);
  auto* const first = word.finish();
  ASSERT_EQ(first, &own);
  EXPECT_EQ(first->next, &others);
}

TEST_F(state_word_interrupted, a_waiter_that_comes_while_the_task_is_finished_is_returned) {
  coming = &others;
  interrupted_atomics::before_exchange = [] { EXPECT_EQ(interrupted->install(*coming), install_outcome::installed); };
  EXPECT_EQ(word.finish(), &others);
}

TEST_F(state_word_interrupted, an_install_that_meets_the_finish_says_ready) {
  interrupted_atomics::before_exchange = [] { EXPECT_EQ(interrupted->finish(), nullptr); };
  EXPECT_EQ(word.install(own), install_outcome::ready);
}

TEST_F(state_word_interrupted, an_uninstall_that_meets_the_finish_says_ready) {
  ASSERT_EQ(word.install(own), install_outcome::installed);
  coming = &own;
  interrupted_atomics::before_exchange = [] { EXPECT_EQ(interrupted->finish(), coming); };
  EXPECT_EQ(word.uninstall(own), uninstall_outcome::ready);
}

// --- threads ---

TEST(state_word, of_many_threads_that_claim_exactly_one_wins) {
  constexpr std::size_t count = tries(200'000, 20'000);
  constexpr unsigned threads = 4;
  std::vector<state_word<>> words(count);
  std::vector<std::atomic<std::uint8_t>> claims(count);
  stampede(threads, [&](unsigned) {
    for (std::size_t i = 0; i != count; ++i)
      if (words[i].claim() == claim_outcome::claimed) claims[i].fetch_add(1, std::memory_order_relaxed);
  });
  for (const auto& each : claims) ASSERT_EQ(each.load(), 1U);
}

TEST(state_word, who_sees_ready_or_is_notified_sees_the_result) {
  constexpr std::uint64_t rounds = tries(100'000, 10'000);
  std::vector<state_word<>> words(rounds);
  std::vector<std::uint64_t> results(rounds);  // plain: ThreadSanitizer reports a finish that publishes nothing
  std::uint64_t wrong = 0;
  stampede(2, [&](unsigned part) {
    for (std::size_t i = 0; i != rounds; ++i) {
      if (part == 0) {
        results[i] = i + 1;
        filch::detail::notify_all(words[i].finish());
        continue;
      }
      waiter own;
      if (i % 2 == 0 && words[i].install(own) == install_outcome::installed)
        while (own.notified.load(std::memory_order_acquire) == 0) std::this_thread::yield();
      else
        while (!words[i].is_ready()) std::this_thread::yield();
      wrong += results[i] != i + 1;
    }
  });
  EXPECT_EQ(wrong, 0U);
}

// Waiters come and time out while the task is claimed and finished. Each that was installed is taken out or notified,
// once; and of all who claim one wins, however many unlinks there are.
TEST(state_word, every_installed_waiter_is_removed_or_notified_exactly_once) {
  constexpr unsigned waiters = 3;
  constexpr std::size_t count = tries(60'000, 6'000);
  std::vector<state_word<>> words(count);
  std::vector<std::atomic<std::uint8_t>> claims(count);
  std::atomic<std::size_t> finished{0};
  std::atomic<std::uint64_t> wrong{0};
  const auto idle_for = [](std::uint64_t turns) {
    for (; turns != 0; --turns) filch::detail::pause();
  };
  const auto claim = [&](std::size_t i) {
    if (words[i].claim() == claim_outcome::claimed) claims[i].fetch_add(1, std::memory_order_relaxed);
  };
  stampede(waiters + 1, [&](unsigned part) {
    dice random(part + 1);
    for (std::size_t i = 0; i != count; ++i) {
      if (part == waiters) {
        idle_for(random.roll(20));
        claim(i);
        idle_for(random.roll(20));
        filch::detail::notify_all(words[i].finish());
        finished.store(i + 1);
        continue;
      }
      // Stays close behind the finisher while that one runs; if it does not, there is no use in waiting.
      for (int turn = 0; turn != 300 && finished.load() < i; ++turn) filch::detail::pause();
      for (std::uint64_t visit = 1 + random.roll(3); visit != 0; --visit) {
        waiter own;  // ends with its frame, as a waiter on a stack does
        if (words[i].install(own) == install_outcome::ready) break;
        if (random.roll(4) == 0) claim(i);
        idle_for(random.roll(10));
        if (words[i].uninstall(own) == uninstall_outcome::removed) {
          if (own.notified.load() != 0) wrong.fetch_add(1);
          continue;
        }
        while (own.notified.load(std::memory_order_acquire) == 0) std::this_thread::yield();
        if (own.notified.load() != 1) wrong.fetch_add(1);
      }
    }
  });
  EXPECT_EQ(wrong.load(), 0U);
  for (const auto& each : claims) ASSERT_EQ(each.load(), 1U) << "a claim was erased, or won twice";
}

}  // namespace
