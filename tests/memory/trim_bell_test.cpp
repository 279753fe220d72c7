// Ringing calls the pool while it is there, one at a time; and frees that pile up elsewhere ring.
#include "memory/trim_bell.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <filch/detail/memory/blocks.hpp>

#include "memory/slab.hpp"

namespace {

using filch::detail::free_block;
using filch::detail::slab;
using filch::detail::trim_bell;

void count(void* into) noexcept { static_cast<std::atomic<int>*>(into)->fetch_add(1); }

TEST(trim_bell, it_rings_until_it_is_silenced) {
  std::atomic<int> rung{0};
  trim_bell* const bell = trim_bell::create(&count, &rung);
  bell->ring();
  bell->ring();
  EXPECT_EQ(rung.load(), 2);
  trim_bell* const share = bell->share();
  bell->silence();
  bell->drop_holder();
  share->ring();
  EXPECT_EQ(rung.load(), 2);
  share->drop_holder();
}

TEST(trim_bell, who_silences_it_waits_for_who_is_at_it) {
  struct pool {
    std::atomic<bool> inside{false};
    std::atomic<bool> may_leave{false};
    std::atomic<bool> gone{false};
  } context;
  trim_bell* const bell = trim_bell::create(
      [](void* given) noexcept {
        auto& of = *static_cast<pool*>(given);
        of.inside = true;
        while (!of.may_leave) std::this_thread::yield();
        EXPECT_FALSE(of.gone);
      },
      &context);
  std::jthread ringer([&] { bell->ring(); });
  while (!context.inside) std::this_thread::yield();
  bell->ring();  // somebody is at it: returns at once
  std::jthread closer([&] {
    bell->silence();
    context.gone = true;
  });
  EXPECT_FALSE(context.gone);
  context.may_leave = true;
  closer.join();
  ringer.join();
  bell->drop_holder();
}

TEST(trim_bell, thousands_of_blocks_that_are_freed_elsewhere_ring_and_the_last_may_be_after_the_slab_was_orphaned) {
  constexpr std::size_t blocks = 10'000;
  std::atomic<int> rung{0};
  trim_bell* const bell = trim_bell::create(&count, &rung);
  slab* const home = slab::create(bell);
  std::vector<void*> out;
  for (std::size_t i = 0; i != blocks; ++i) out.push_back(home->allocate(64));
  std::thread([&] {
    for (std::size_t i = 0; i != blocks / 2; ++i) free_block(out[i], 64, 8);
  }).join();
  EXPECT_EQ(rung.load(), 1);
  EXPECT_TRUE(home->wants_trim() || home->bytes_held() <= slab::retained_bytes);
  home->orphan();
  bell->silence();
  bell->drop_holder();
  std::thread([&] {
    for (std::size_t i = blocks / 2; i != blocks; ++i) free_block(out[i], 64, 8);
  }).join();
  EXPECT_EQ(rung.load(), 1);
}

TEST(trim_bell, workers_of_the_same_pool_do_not_ring) {
  std::atomic<int> rung{0};
  trim_bell* const bell = trim_bell::create(&count, &rung);
  slab* const home = slab::create(bell);
  slab* const colleague = slab::create(bell);
  slab* const stranger = slab::create();
  for (slab* const own : {colleague, stranger}) {
    std::vector<void*> out;
    for (std::size_t i = 0; i != 5'000; ++i) out.push_back(home->allocate(64));
    std::thread([&] {
      filch::detail::this_thread_slab = own;
      for (void* const each : out) free_block(each, 64, 8);
      filch::detail::this_thread_slab = nullptr;
    }).join();
    EXPECT_EQ(rung.load(), own == colleague ? 0 : 1);
  }
  for (slab* const each : {home, colleague, stranger}) each->orphan();
  bell->silence();
  bell->drop_holder();
}

}  // namespace
