// The count beside a lane: never less than what lies in it.
#include <filch/detail/queue/injection_lane.hpp>

#include "queue/injection_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace {

using filch::detail::injection_lane;
using filch::detail::injection_queue;

using lane = injection_lane<injection_queue<int>>;

TEST(injection_lane, a_fresh_one_is_empty) {
  lane fresh;
  int* taken = nullptr;
  EXPECT_EQ(fresh.waiting(), 0U);
  EXPECT_FALSE(fresh.maybe_not_empty());
  EXPECT_EQ(fresh.dequeue(&taken, std::size_t{1}), 0U);
}

TEST(injection_lane, counts_what_comes_and_goes) {
  lane one;
  lane::producer producer;
  injection_queue<int>::consumer consumer(one.queue());
  std::array<int, 3> items{1, 2, 3};
  std::array<int*, 3> pointers{&items[0], &items[1], &items[2]};
  EXPECT_TRUE(one.enqueue(producer, pointers.data(), 3));
  EXPECT_EQ(one.waiting(), 3U);
  EXPECT_TRUE(one.maybe_not_empty());
  int* taken = nullptr;
  EXPECT_EQ(one.dequeue(consumer, &taken, std::size_t{1}), 1U);
  EXPECT_EQ(taken, &items[0]);
  EXPECT_EQ(one.waiting(), 2U);
  std::array<int*, 4> rest{};
  EXPECT_EQ(one.dequeue(rest.data(), rest.size()), 2U);
  EXPECT_EQ(one.waiting(), 0U);
  EXPECT_FALSE(one.maybe_not_empty());
}

/// A queue without memory.
struct full_queue {
  using producer = int;
  static bool enqueue(producer&, int* const*, std::size_t) { return false; }
  static std::size_t dequeue(int**, std::size_t) {
    ADD_FAILURE() << "looked into a lane that counts nothing";
    return 0;
  }
  static bool maybe_not_empty() { return false; }
};

TEST(injection_lane, takes_the_count_back_when_there_is_no_memory_and_does_not_look_while_it_counts_nothing) {
  injection_lane<full_queue> without_memory;
  int producer = 0;
  int item = 0;
  int* pointer = &item;
  EXPECT_FALSE(without_memory.enqueue(producer, &pointer, 1));
  EXPECT_EQ(without_memory.waiting(), 0U);
  EXPECT_EQ(without_memory.dequeue(&pointer, std::size_t{1}), 0U);
}

TEST(injection_lane, loses_nothing_and_counts_to_zero_under_many_threads) {
  constexpr unsigned producers = 3;
  constexpr unsigned each = 20'000;
  lane shared;
  std::vector<int> items(producers * each);
  std::atomic<unsigned> taken{0};
  std::vector<std::thread> threads;
  for (unsigned p = 0; p != producers; ++p)
    threads.emplace_back([&, p] {
      lane::producer own;
      for (unsigned i = 0; i != each; ++i) {
        int* const pointer = &items[p * each + i];
        EXPECT_TRUE(shared.enqueue(own, &pointer, 1));
      }
    });
  for (unsigned c = 0; c != 2; ++c)
    threads.emplace_back([&] {
      injection_queue<int>::consumer own(shared.queue());
      while (taken.load() != producers * each) {
        int* item = nullptr;
        if (shared.dequeue(own, &item, std::size_t{1}) == 0) {
          std::this_thread::yield();
          continue;
        }
        ++*item;
        ++taken;
      }
    });
  for (std::thread& one : threads) one.join();
  for (const int count : items) EXPECT_EQ(count, 1);
  EXPECT_EQ(shared.waiting(), 0U);
}

}  // namespace
