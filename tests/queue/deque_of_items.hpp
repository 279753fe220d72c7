// What the tests of the deque share: a deque with its two ends, who counts what has left it, and atomics that can be interrupted.
#pragma once

#include <filch/detail/queue/chase_lev_deque.hpp>

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace filch_tests {

using filch::detail::deque_owner;
using filch::detail::deque_ring;
using filch::detail::deque_thief;
using filch::detail::steal_outcome;

using item = std::uint32_t;

struct deque_of_items {
  explicit deque_of_items(std::size_t capacity, std::uint64_t first_index = 0, unsigned calm_pops = 0)
      : slots(std::make_unique<deque_ring<item>::slot[]>(capacity)),
        ring(slots.get(), capacity, first_index),
        owner(ring, calm_pops),
        thief(ring) {}

  std::unique_ptr<deque_ring<item>::slot[]> slots;
  deque_ring<item> ring;
  deque_owner<item> owner;
  deque_thief<item> thief;
};

inline std::vector<item> numbered(std::size_t count) {
  std::vector<item> items(count);
  for (std::size_t i = 0; i != count; ++i) items[i] = static_cast<item>(i);
  return items;
}

/// How often each item has left.
class tally {
 public:
  explicit tally(std::size_t items) : counts_(items) {}
  void count(const item* taken) noexcept { counts_[*taken].fetch_add(1, std::memory_order_relaxed); }
  void expect_each_once() const {
    std::size_t missing = 0;
    std::size_t twice = 0;
    for (const auto& each : counts_) {
      missing += each.load() == 0;
      twice += each.load() > 1;
    }
    EXPECT_EQ(missing, 0U) << "items were lost";
    EXPECT_EQ(twice, 0U) << "items were taken twice";
  }

 private:
  std::vector<std::atomic<std::uint8_t>> counts_;
};

/// An owner that pushes, pops and spills at random against thieves. Indices start where they soon wrap.
inline void expect_each_item_once(std::size_t capacity, std::size_t count, unsigned thieves, std::uint64_t first_index,
                                  unsigned calm_pops = 0) {
  auto items = numbered(count);
  tally taken(count);
  deque_of_items deque(capacity, first_index, calm_pops);
  std::atomic<bool> done{false};
  stampede(thieves + 1, [&](unsigned part) {
    if (part != 0) {
      while (!done.load()) {
        const auto stolen = deque.thief.steal();
        if (stolen.outcome == steal_outcome::success) taken.count(stolen.item);
        if (stolen.outcome == steal_outcome::empty) std::this_thread::yield();
      }
      return;
    }
    dice random(count + capacity);
    std::vector<item*> spilled(capacity);
    const auto spill = [&] {
      const std::size_t moved = deque.owner.spill(spilled.data(), (capacity + 1) / 2);
      for (std::size_t k = 0; k != moved; ++k) taken.count(spilled[k]);
    };
    for (std::size_t next = 0; next != count;) {
      switch (random.roll(8)) {
        case 0:
        case 1:
          if (item* const own = deque.owner.pop(); own != nullptr) taken.count(own);
          break;
        case 2: {
          item* pair[2] = {&items[next], next + 1 != count ? &items[next + 1] : nullptr};
          if (pair[1] != nullptr && deque.owner.push(pair, 2)) next += 2;
          break;
        }
        default:
          if (deque.owner.push(&items[next]))
            ++next;
          else
            spill();
      }
    }
    while (item* const own = deque.owner.pop()) taken.count(own);
    done.store(true);
  });
  taken.expect_each_once();
}

/// Standard atomics, with a hook that runs just before a store, a compare-and-swap or a light fence.
struct interrupted_atomics {
  template <class T>
  class atomic : public std::atomic<T> {
   public:
    using std::atomic<T>::atomic;
    void store(T value, std::memory_order order) {
      if (before_store != nullptr) std::exchange(before_store, nullptr)();
      std::atomic<T>::store(value, order);
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure) {
      if (before_exchange != nullptr) std::exchange(before_exchange, nullptr)();
      return std::atomic<T>::compare_exchange_strong(expected, desired, success, failure);
    }
  };
  template <class T>
  using plain = T;
  static void light_fence_where_asymmetric() {
    if (before_light_fence != nullptr) std::exchange(before_light_fence, nullptr)();
  }
  static void heavy_fence() {
    ++heavy_fences;
    if (before_heavy_fence != nullptr) std::exchange(before_heavy_fence, nullptr)();
  }
  static void pause() noexcept {}

  static inline void (*before_store)() = nullptr;
  static inline void (*before_exchange)() = nullptr;
  static inline void (*before_light_fence)() = nullptr;
  static inline void (*before_heavy_fence)() = nullptr;
  static inline unsigned heavy_fences = 0;

  static void reset() {
    before_store = before_exchange = before_light_fence = before_heavy_fence = nullptr;
    heavy_fences = 0;
  }
};

}  // namespace filch_tests
