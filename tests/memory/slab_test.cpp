// Blocks in size classes, the two ways home, and who deletes a slab whose owner has gone.
#include "memory/slab.hpp"

#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace {

using filch::detail::chunk;
using filch::detail::largest_slab_block;
using filch::detail::slab;
using filch::detail::slab_alignment;
using filch_tests::budget;
using filch_tests::dice;
using filch_tests::stampede;
using filch_tests::tries;

/// After each test every slab must be gone.
class slab_test : public testing::Test {
 protected:
  ~slab_test() override { EXPECT_EQ(slab::in_existence(), before) << "a slab leaked"; }

  const std::uint64_t before = slab::in_existence();
};

std::vector<void*> take(slab& from, std::size_t count, std::size_t bytes) {
  std::vector<void*> blocks(count);
  for (void*& each : blocks) each = from.allocate(bytes);
  return blocks;
}

TEST_F(slab_test, a_slab_that_gave_out_nothing_is_deleted_by_its_owner) {
  slab* const own = slab::create();
  EXPECT_EQ(slab::in_existence(), before + 1);
  EXPECT_EQ(own->bytes_held(), 0U);
  EXPECT_EQ(own->blocks_out(), 0U);
  own->orphan();
  EXPECT_EQ(slab::in_existence(), before);
}

TEST_F(slab_test, a_block_of_every_size_is_aligned_and_wholly_ones_own) {
  slab* const own = slab::create();
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  for (std::size_t bytes = 0; bytes <= largest_slab_block; ++bytes) {
    auto* const block = static_cast<unsigned char*>(own->allocate(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % slab_alignment, 0U);
    EXPECT_EQ(chunk::of(block)->home, own);
    EXPECT_GE(chunk::of(block)->block_bytes, bytes);
    EXPECT_LT(chunk::of(block)->block_bytes, bytes + slab_alignment + (bytes == 0 ? 1 : 0));
    std::memset(block, static_cast<int>(bytes % 251), bytes);
    blocks.emplace_back(block, bytes);
  }
  EXPECT_EQ(own->blocks_out(), largest_slab_block + 1);
  for (const auto& [block, bytes] : blocks) {
    for (std::size_t i = 0; i != bytes; ++i) ASSERT_EQ(block[i], bytes % 251) << "another block of this slab overlaps";
    own->free_own(block);
  }
  EXPECT_EQ(own->blocks_out(), 0U);
  own->orphan();
}

TEST_F(slab_test, a_block_that_came_back_is_given_out_again) {
  slab* const own = slab::create();
  void* const block = own->allocate(100);
  own->free_own(block);
  EXPECT_EQ(own->allocate(128), block) << "the same size class";
  void* const other = own->allocate(129);
  EXPECT_NE(chunk::of(other), chunk::of(block));
  own->free_own(block);
  own->free_own(other);
  own->orphan();
}

TEST_F(slab_test, steady_use_takes_no_more_from_the_heap) {
  slab* const own = slab::create();
  auto first = take(*own, 3000, 200);
  const std::size_t held = own->bytes_held();
  for (int round = 0; round != 20; ++round) {
    for (void* const each : first) own->free_own(each);
    first = take(*own, 3000, 200);
    own->trim();
  }
  EXPECT_EQ(own->bytes_held(), held);
  for (void* const each : first) own->free_own(each);
  own->orphan();
}

TEST_F(slab_test, what_other_threads_free_comes_home_and_is_used_before_new_memory) {
  slab* const own = slab::create();
  const std::size_t in_a_chunk = (chunk::bytes - sizeof(chunk)) / 64;
  auto blocks = take(*own, in_a_chunk, 64);
  EXPECT_EQ(own->bytes_held(), chunk::bytes);
  std::thread([&] {
    for (void* const each : blocks) own->free_remote(each);
  }).join();
  EXPECT_EQ(own->blocks_out(), in_a_chunk) << "nobody has looked yet";
  blocks = take(*own, in_a_chunk, 64);
  EXPECT_EQ(own->bytes_held(), chunk::bytes);
  for (void* const each : blocks) own->free_remote(each);
  own->trim();
  EXPECT_EQ(own->blocks_out(), 0U);
  own->orphan();
}

TEST_F(slab_test, trim_gives_a_burst_back_and_retains_no_more_than_it_says) {
  slab* const own = slab::create();
  for (const std::size_t bytes : {64U, 640U, 1024U}) {
    auto burst = take(*own, 20 * slab::retained_bytes / bytes, bytes);
    EXPECT_GE(own->bytes_held(), 20 * slab::retained_bytes);
    own->trim();
    EXPECT_GE(own->bytes_held(), 20 * slab::retained_bytes) << "nothing is free yet";
    // Half by the owner, half by another thread.
    std::thread([&] {
      for (std::size_t i = 0; i < burst.size(); i += 2) own->free_remote(burst[i]);
    }).join();
    for (std::size_t i = 1; i < burst.size(); i += 2) own->free_own(burst[i]);
    own->trim();
    EXPECT_EQ(own->blocks_out(), 0U);
    EXPECT_LE(own->bytes_held(), slab::retained_bytes);
    EXPECT_GT(own->bytes_held(), slab::retained_bytes / 2) << "what it may keep it should keep";
  }
  own->orphan();
}

TEST_F(slab_test, trim_keeps_each_chunk_that_still_has_a_block_out) {
  slab* const own = slab::create();
  auto burst = take(*own, 4 * slab::retained_bytes / 1024, 1024);
  std::set<chunk*> used;
  std::vector<void*> kept;
  for (void* const each : burst)
    if (used.insert(chunk::of(each)).second)
      kept.push_back(each);
    else
      own->free_own(each);
  const std::size_t held = own->bytes_held();
  own->trim();
  EXPECT_EQ(own->bytes_held(), held);
  for (void* const each : kept) std::memset(each, 1, 1024);
  for (void* const each : kept) own->free_own(each);
  own->trim();
  EXPECT_LE(own->bytes_held(), slab::retained_bytes);
  own->orphan();
}

TEST_F(slab_test, an_orphan_with_blocks_out_is_deleted_by_the_last_of_them) {
  slab* const own = slab::create();
  auto blocks = take(*own, 10, 256);
  own->free_own(blocks.back());
  blocks.pop_back();
  own->free_remote(blocks.back());  // lies in the remote list when the owner goes
  blocks.pop_back();
  own->orphan();
  for (void* const each : blocks) {
    EXPECT_EQ(slab::in_existence(), before + 1);
    std::memset(each, 1, 256);
    own->free_remote(each);
  }
  EXPECT_EQ(slab::in_existence(), before);
}

TEST_F(slab_test, an_orphan_whose_blocks_are_all_in_the_remote_list_deletes_at_once) {
  slab* const own = slab::create();
  for (void* const each : take(*own, 10, 64)) own->free_remote(each);
  own->orphan();
  EXPECT_EQ(slab::in_existence(), before);
}

TEST_F(slab_test, random_use_by_one_thread_never_gives_a_block_twice) {
  slab* const own = slab::create();
  struct given {
    unsigned char* block;
    std::size_t bytes;
    unsigned char mark;
  };
  std::vector<given> out;
  dice random(1);
  for (std::size_t i = 0; i != tries(300'000, 30'000); ++i) {
    if (out.empty() || random.roll(100) < (i / 5000 % 2 == 0 ? 60U : 40U)) {
      const auto bytes = static_cast<std::size_t>(1 + random.roll(largest_slab_block));
      const auto mark = static_cast<unsigned char>(random.roll(256));
      auto* const block = static_cast<unsigned char*>(own->allocate(bytes));
      block[0] = block[bytes - 1] = mark;
      out.push_back({block, bytes, mark});
    } else {
      std::swap(out[static_cast<std::size_t>(random.roll(out.size()))], out.back());
      ASSERT_EQ(out.back().block[0], out.back().mark);
      ASSERT_EQ(out.back().block[out.back().bytes - 1], out.back().mark);
      if (random.roll(2) == 0)
        own->free_own(out.back().block);
      else
        own->free_remote(out.back().block);
      out.pop_back();
    }
    if (random.roll(5000) == 0) own->trim();
  }
  for (const given& each : out) own->free_own(each.block);
  own->trim();
  EXPECT_EQ(own->blocks_out(), 0U);
  own->orphan();
}

// --- threads ---

/// One slot through which an owner hands blocks to those who free them.
struct alignas(64) handed_block {
  std::atomic<void*> block{nullptr};
};

TEST_F(slab_test, one_owner_and_one_who_frees_need_no_more_memory_as_time_goes_by) {
  constexpr std::uint64_t count = tries(500'000, 40'000);
  slab* const own = slab::create();
  std::vector<handed_block> window(64);
  const budget time;
  std::atomic<std::size_t> total{count};
  stampede(2, [&](unsigned part) {
    for (std::size_t i = 0; i != total.load(); ++i) {
      std::atomic<void*>& place = window[i % window.size()].block;
      if (part == 0) {
        if (time.spent()) {
          total.store(i);
          return;
        }
        auto* const block = static_cast<std::uint64_t*>(own->allocate(64 + i % 3 * 64));
        *block = i;
        while (place.load(std::memory_order_acquire) != nullptr) std::this_thread::yield();
        place.store(block, std::memory_order_release);
        continue;
      }
      void* block = nullptr;
      while ((block = place.exchange(nullptr, std::memory_order_acq_rel)) == nullptr) {
        if (i == total.load()) return;
        std::this_thread::yield();
      }
      EXPECT_EQ(*static_cast<std::uint64_t*>(block), i);
      own->free_remote(block);
    }
  });
  own->trim();
  EXPECT_EQ(own->blocks_out(), 0U);
  EXPECT_LE(own->bytes_held(), slab::retained_bytes);
  own->orphan();
}

TEST_F(slab_test, a_stampede_of_threads_that_free_brings_every_block_home) {
  constexpr unsigned freers = 3;
  constexpr std::uint64_t count = tries(300'000, 30'000);
  slab* const own = slab::create();
  std::vector<handed_block> handed(256);
  std::atomic<std::uint64_t> left{count};
  stampede(freers + 1, [&](unsigned part) {
    dice random(part);
    if (part == freers) {
      for (std::size_t i = 0; i != count; ++i) {
        void* const block = own->allocate(static_cast<std::size_t>(1 + random.roll(largest_slab_block)));
        void* const back = handed[i % handed.size()].block.exchange(block, std::memory_order_acq_rel);
        if (back == nullptr) continue;
        own->free_own(back);
        left.fetch_sub(1);
      }
      return;
    }
    while (left.load() != 0) {
      void* const block =
          handed[static_cast<std::size_t>(random.roll(handed.size()))].block.exchange(nullptr, std::memory_order_acq_rel);
      if (block == nullptr) continue;
      own->free_remote(block);
      left.fetch_sub(1);
    }
  });
  own->trim();
  EXPECT_EQ(own->blocks_out(), 0U);
  own->orphan();
}

TEST_F(slab_test, an_owner_that_goes_while_others_free_leaves_exactly_one_to_delete) {
  constexpr std::uint64_t rounds = tries(5'000, 1'000);
  constexpr unsigned freers = 2;
  const budget time;
  for (std::uint64_t round = 0; round != rounds && !time.spent(); round += 50) {
    // Fifty slabs at a time: starting threads costs more than what is tested.
    std::vector<slab*> slabs;
    std::vector<std::vector<void*>> blocks;
    for (unsigned i = 0; i != 50; ++i) {
      slabs.push_back(slab::create());
      blocks.push_back(take(*slabs.back(), 2 * freers, 64));
    }
    stampede(freers + 1, [&](unsigned part) {
      for (std::size_t i = 0; i != slabs.size(); ++i) {
        if (part == freers) {
          slabs[i]->orphan();
          continue;
        }
        slabs[i]->free_remote(blocks[i][2 * part]);
        slabs[i]->free_remote(blocks[i][2 * part + 1]);
      }
    });
    ASSERT_EQ(slab::in_existence(), before) << "a slab was deleted by nobody";
  }
}

}  // namespace
