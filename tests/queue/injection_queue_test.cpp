// The shared queue: nothing is lost, each producer is served in its order, and the look before parking never misses.
#include "queue/injection_queue.hpp"

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include <filch/detail/base/full_fence.hpp>
#include <filch/detail/base/pause.hpp>

namespace {

using filch::detail::full_fence;
using filch_tests::budget;
using filch_tests::dice;
using filch_tests::no_more_rounds;
using filch_tests::round_begins;
using filch_tests::stampede;
using filch_tests::tries;
using filch_tests::wait_for;

struct item {
  unsigned producer;
  std::uint32_t number;
};
using queue = filch::detail::injection_queue<item>;

std::vector<item> numbered(std::size_t count, unsigned producer = 0) {
  std::vector<item> items(count);
  for (std::size_t i = 0; i != count; ++i) items[i] = {producer, static_cast<std::uint32_t>(i)};
  return items;
}

std::vector<item*> pointers_to(std::vector<item>& items) {
  std::vector<item*> pointers;
  for (item& each : items) pointers.push_back(&each);
  return pointers;
}

bool enqueue_one(queue& to, queue::producer& from, item& each) {
  item* const pointer = &each;
  return to.enqueue(from, &pointer, 1);
}

// --- one thread ---

TEST(injection_queue, a_fresh_queue_is_empty) {
  queue shared;
  queue::consumer own(shared);
  item* taken = nullptr;
  EXPECT_FALSE(shared.maybe_not_empty());
  EXPECT_EQ(shared.size_estimate(), 0U);
  EXPECT_EQ(shared.dequeue(own, &taken, 1), 0U);
  EXPECT_EQ(shared.dequeue(&taken, 1), 0U);
}

TEST(injection_queue, one_producer_is_served_in_its_order) {
  queue shared;
  queue::producer producer;
  queue::consumer consumer(shared);
  auto items = numbered(1000);
  for (item& each : items) ASSERT_TRUE(enqueue_one(shared, producer, each));
  EXPECT_EQ(shared.size_estimate(), 1000U);
  for (item& each : items) {
    item* taken = nullptr;
    EXPECT_TRUE(shared.maybe_not_empty());
    ASSERT_EQ(shared.dequeue(consumer, &taken, 1), 1U);
    ASSERT_EQ(taken, &each);
  }
  EXPECT_FALSE(shared.maybe_not_empty());
}

TEST(injection_queue, batches_go_in_and_out_whole_and_in_order) {
  queue shared;
  queue::producer producer;
  queue::consumer consumer(shared);
  auto items = numbered(300);
  auto pointers = pointers_to(items);
  ASSERT_TRUE(shared.enqueue(producer, pointers.data(), 299));
  ASSERT_TRUE(shared.enqueue(producer, pointers.data() + 299, 1));
  std::array<item*, 512> taken{};
  std::size_t count = 0;
  for (const std::size_t wanted : {1U, 7U, 33U, 512U - 41U}) count += shared.dequeue(consumer, &taken[count], wanted);
  ASSERT_EQ(count, 300U);
  EXPECT_TRUE(std::equal(pointers.begin(), pointers.end(), taken.begin()));
}

TEST(injection_queue, a_consumer_without_a_place_finds_everything_too) {
  queue shared;
  std::array<queue::producer, 3> producers;
  auto items = numbered(30);
  for (std::size_t i = 0; i != items.size(); ++i) ASSERT_TRUE(enqueue_one(shared, producers[i % 3], items[i]));
  std::array<item*, 64> taken{};
  EXPECT_EQ(shared.dequeue(taken.data(), 10), 10U);
  EXPECT_EQ(shared.dequeue(taken.data() + 10, 54), 20U);
  std::sort(taken.begin(), taken.begin() + 30);
  for (std::size_t i = 0; i != 30; ++i) EXPECT_EQ(taken[i], &items[i]);
}

TEST(injection_queue, what_an_ended_producer_left_is_still_there) {
  queue shared;
  queue::consumer consumer(shared);
  auto items = numbered(2);
  {
    queue::producer ended;
    EXPECT_TRUE(ended.open(shared));
    EXPECT_TRUE(ended.open(shared)) << "opening twice is allowed";
    ASSERT_TRUE(enqueue_one(shared, ended, items[0]));
  }
  queue::producer next;
  ASSERT_TRUE(enqueue_one(shared, next, items[1]));
  std::array<item*, 2> taken{};
  ASSERT_EQ(shared.dequeue(consumer, taken.data(), 2), 2U);
  EXPECT_NE(taken[0], taken[1]);
}

TEST(injection_queue, a_queue_with_items_in_it_may_be_destroyed) {
  auto items = numbered(1000);
  auto pointers = pointers_to(items);
  const auto shared = std::make_unique<queue>();
  queue::producer producer;
  ASSERT_TRUE(shared->enqueue(producer, pointers.data(), pointers.size()));
}

// A producer with one item must not wait for ever behind producers that are never empty. The bound: with a consumer's
// place, which moves on after 256 items, an item at the front of its producer's row is taken before the consumers have
// taken (256 + batch) others for each producer and consumer.
TEST(injection_queue, a_lonely_item_is_not_starved_by_busy_producers) {
  constexpr std::size_t items_before_a_move = 256;
  for (const std::size_t consumers : {1U, 2U, 3U})
    for (const std::size_t batch : {1U, 3U, 32U})
      for (std::size_t lonely = 0; lonely != 5; ++lonely) {
        queue shared;
        std::array<queue::producer, 5> producers;
        std::vector<std::unique_ptr<queue::consumer>> places;
        for (std::size_t i = 0; i != consumers; ++i) places.push_back(std::make_unique<queue::consumer>(shared));
        auto items = numbered(1);
        item busy{1, 0};
        const std::vector<item*> many(2 * batch, &busy);
        const auto top_up = [&] {
          for (std::size_t p = 0; p != producers.size(); ++p) {
            if (p == lonely) continue;
            ASSERT_TRUE(shared.enqueue(producers[p], many.data(), many.size()));
          }
        };
        for (queue::producer& each : producers) ASSERT_TRUE(each.open(shared));
        top_up();
        // Every consumer has taken its place before the lonely item comes.
        std::vector<item*> taken(batch);
        for (auto& place : places) (void)shared.dequeue(*place, taken.data(), batch);
        ASSERT_TRUE(enqueue_one(shared, producers[lonely], items[0]));
        const std::size_t bound = producers.size() * consumers * (items_before_a_move + batch);
        std::size_t others = 0;
        bool found = false;
        for (std::size_t turn = 0; !found && others <= bound; ++turn) {
          top_up();
          const std::size_t count = shared.dequeue(*places[turn % consumers], taken.data(), batch);
          ASSERT_EQ(count, batch) << "there was enough for a whole batch";
          found = std::count(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(count), &items[0]) != 0;
          others += count;
        }
        EXPECT_TRUE(found) << consumers << " consumers, batches of " << batch << ", producer " << lonely;
      }
}

// --- threads ---

TEST(injection_queue, one_producer_and_one_consumer_hand_over_every_item_in_order) {
  constexpr std::uint64_t count = tries(1'000'000, 60'000);
  auto items = numbered(count);
  queue shared;
  std::uint64_t wrong = 0;
  stampede(2, [&](unsigned part) {
    if (part == 0) {
      queue::producer producer;
      for (item& each : items) {
        each.number += 7;  // a plain write, which the queue must publish
        ASSERT_TRUE(enqueue_one(shared, producer, each));
      }
      return;
    }
    queue::consumer consumer(shared);
    std::array<item*, 16> taken{};
    for (std::uint32_t next = 0; next != count;) {
      const std::size_t found = shared.dequeue(consumer, taken.data(), taken.size());
      if (found == 0) std::this_thread::yield();
      for (std::size_t i = 0; i != found; ++i) wrong += taken[i]->number != next++ + 7;
    }
  });
  EXPECT_EQ(wrong, 0U) << "items out of order, or not yet written";
  EXPECT_FALSE(shared.maybe_not_empty());
}

TEST(injection_queue, a_stampede_loses_nothing_and_keeps_each_producers_order) {
  constexpr unsigned producers = 3;
  constexpr unsigned consumers = 3;
  constexpr std::uint32_t each_produces = tries(300'000, 20'000);
  std::array<std::vector<item>, producers> items;
  for (unsigned p = 0; p != producers; ++p) items[p] = numbered(each_produces, p);
  std::vector<std::atomic<std::uint8_t>> seen(std::size_t{producers} * each_produces);
  std::atomic<std::uint64_t> left{std::uint64_t{producers} * each_produces};
  std::atomic<std::uint64_t> out_of_order{0};
  queue shared;
  stampede(producers + consumers, [&](unsigned part) {
    if (part < producers) {
      dice random(part);
      queue::producer own;
      auto pointers = pointers_to(items[part]);
      for (std::size_t next = 0; next != pointers.size();) {
        const auto batch = std::min<std::size_t>(1 + random.roll(40), pointers.size() - next);
        ASSERT_TRUE(shared.enqueue(own, &pointers[next], batch));
        next += batch;
      }
      return;
    }
    dice random(part);
    queue::consumer own(shared);
    std::array<item*, 40> taken{};
    std::array<std::int64_t, producers> last;
    last.fill(-1);
    while (left.load() != 0) {
      const std::size_t found = shared.dequeue(own, taken.data(), static_cast<std::size_t>(1 + random.roll(40)));
      if (found == 0) std::this_thread::yield();
      for (std::size_t i = 0; i != found; ++i) {
        if (taken[i]->number <= last[taken[i]->producer]) out_of_order.fetch_add(1);
        last[taken[i]->producer] = taken[i]->number;
        seen[std::size_t{taken[i]->producer} * each_produces + taken[i]->number].fetch_add(1);
      }
      left.fetch_sub(found);
    }
  });
  EXPECT_EQ(out_of_order.load(), 0U) << "a consumer saw a producer's items out of order";
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const auto& count) { return count.load() == 1; }));
  EXPECT_FALSE(shared.maybe_not_empty());
}

// The trap: a consumer that reaches past the end makes a queue with an item in it look empty to the other, and is itself
// answered "nothing". If both took that for an answer and parked, the item would stay.
//
// The first thread pushes, takes and pushes, as a worker that still searches and on whom submitters rely. The second
// takes meanwhile. Each leaves the round after a vain look, the first one after its last push: dequeue brings nothing,
// and maybe_not_empty() says no. Then nothing may stay.
TEST(injection_queue, consumers_that_leave_when_it_says_empty_leave_nothing_behind) {
  constexpr std::uint64_t rounds = tries(250'000, 20'000);
  auto items = numbered(2);
  queue shared;
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> ended{0};
  std::atomic<std::uint64_t> taken{0};
  std::uint64_t rounds_with_an_item_left = 0;
  const budget time;
  const auto idle_for = [](std::uint64_t turns) {
    for (std::uint64_t turn = 0; turn != turns; ++turn) filch::detail::pause();
  };
  stampede(2, [&](unsigned part) {
    queue::consumer own(shared);
    queue::producer producer;
    dice random(part);
    const auto take_one = [&] {
      item* found = nullptr;
      const bool some = shared.dequeue(own, &found, 1) != 0;
      if (some) taken.fetch_add(1);
      return some;
    };
    const auto look_until_in_vain = [&] {
      do {
        while (take_one()) {}
        full_fence();
      } while (shared.maybe_not_empty());
    };
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      if (part == 1) {
        if (!round_begins(begun, round)) return;
        idle_for(random.roll(4));
        look_until_in_vain();
        ended.store(round);
        continue;
      }
      if (time.spent()) break;
      taken.store(0);
      begun.store(round);
      ASSERT_TRUE(enqueue_one(shared, producer, items[0]));
      idle_for(random.roll(6));
      (void)take_one();
      ASSERT_TRUE(enqueue_one(shared, producer, items[1]));
      look_until_in_vain();
      wait_for(ended, round);
      rounds_with_an_item_left += taken.load() != 2;
      for (item* left = nullptr; shared.dequeue(&left, 1) != 0;) {}
    }
    if (part == 0) begun.store(no_more_rounds);
  });
  EXPECT_EQ(rounds_with_an_item_left, 0U) << "everybody left and an item stayed";
}

// With more in the queue than all consumers could take at once, no visit is in vain, however unlucky: the bound on empty
// visits is zero. (With less, a consumer can come away with nothing as often as it asks, while another is held up
// between reaching past the end and correcting that: why nobody parks on a failed dequeue.)
TEST(injection_queue, no_consumer_goes_away_empty_handed_while_there_is_plenty) {
  constexpr unsigned consumers = 4;
  constexpr std::size_t batch = 8;
  constexpr std::size_t plenty = consumers * batch;
  constexpr std::size_t count = tries(1'500'000, 100'000);
  item same{0, 0};
  const std::vector<item*> many(1024, &same);
  queue shared;
  queue::producer producer;
  for (std::size_t filled = 0; filled < count + plenty; filled += many.size())
    ASSERT_TRUE(shared.enqueue(producer, many.data(), many.size()));
  std::atomic<std::int64_t> to_take{count};
  std::array<std::uint64_t, consumers> visits{};
  std::array<std::uint64_t, consumers> in_vain{};
  stampede(consumers, [&](unsigned part) {
    queue::consumer own(shared);
    std::array<item*, batch> taken{};
    const bool has_place = part % 2 == 0;
    while (to_take.fetch_sub(batch) > 0) {
      ++visits[part];
      const std::size_t found =
          has_place ? shared.dequeue(own, taken.data(), batch) : shared.dequeue(taken.data(), batch);
      if (found == 0) ++in_vain[part];
    }
  });
  EXPECT_EQ(std::accumulate(in_vain.begin(), in_vain.end(), std::uint64_t{0}), 0U);
  EXPECT_GE(std::accumulate(visits.begin(), visits.end(), std::uint64_t{0}), count / batch);
}

TEST(injection_queue, a_producer_that_is_handed_from_thread_to_thread_keeps_its_order) {
  constexpr unsigned threads = 3;
  constexpr std::uint32_t count = tries(60'000, 6'000);
  auto items = numbered(count);
  queue shared;
  queue::producer handed_on;
  std::uint64_t out_of_order = 0;
  const budget time;
  std::atomic<std::uint32_t> total{count};
  std::atomic<std::uint32_t> next{0};
  stampede(threads + 1, [&](unsigned part) {
    if (part == threads) {
      queue::consumer own(shared);
      for (std::uint32_t expected = 0; expected != total.load();) {
        item* taken = nullptr;
        if (shared.dequeue(own, &taken, 1) == 0) {
          std::this_thread::yield();
          continue;
        }
        out_of_order += taken->number != expected++;
      }
      return;
    }
    constexpr std::uint32_t run = 20;  // items a thread enqueues before it hands the producer on
    for (std::uint32_t first = part * run; first < total.load(); first += threads * run) {
      while (next.load(std::memory_order_acquire) != first && first < total.load()) std::this_thread::yield();
      if (time.spent() && first < total.load()) total.store(first);
      if (first >= total.load()) return;
      const std::uint32_t end = std::min(first + run, count);
      for (std::uint32_t i = first; i != end; ++i) ASSERT_TRUE(enqueue_one(shared, handed_on, items[i]));
      next.store(end, std::memory_order_release);
    }
  });
  EXPECT_EQ(out_of_order, 0U);
}

}  // namespace
