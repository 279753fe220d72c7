// Which memory a block comes from, and that it finds its way back from any thread.
#include <filch/detail/memory/blocks.hpp>

#include "memory/slab.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>

namespace {

using filch::detail::allocate_from_heap;
using filch::detail::fits_a_slab;
using filch::detail::free_block;
using filch::detail::largest_slab_block;
using filch::detail::slab;
using filch::detail::slab_alignment;
using filch::detail::this_thread_slab;

TEST(blocks, small_ones_with_ordinary_alignment_fit_a_slab) {
  EXPECT_TRUE(fits_a_slab(0, 1));
  EXPECT_TRUE(fits_a_slab(largest_slab_block, slab_alignment));
  EXPECT_FALSE(fits_a_slab(largest_slab_block + 1, 8));
  EXPECT_FALSE(fits_a_slab(1, slab_alignment * 2));
}

TEST(blocks, large_and_over_aligned_ones_go_to_the_heap_and_back) {
  for (const auto& [bytes, alignment] : {std::pair<std::size_t, std::size_t>{largest_slab_block + 1, 8},
                                         {std::size_t{1} << 20, 64},
                                         {64, 4096},
                                         {100'000, 1024}}) {
    void* const block = allocate_from_heap(bytes, alignment);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0U);
    std::memset(block, 0xa5, bytes);
    free_block(block, bytes, alignment);  // a leak or a wrong way of freeing is the sanitizer's to find
  }
}

TEST(blocks, a_block_freed_by_its_owner_is_home_at_once) {
  slab* const own = slab::create();
  this_thread_slab = own;
  void* const block = own->allocate(100);
  free_block(block, 100, 8);
  EXPECT_EQ(own->blocks_out(), 0U);
  this_thread_slab = nullptr;
  own->orphan();
}

TEST(blocks, a_block_freed_by_another_thread_comes_home_over_the_remote_list) {
  slab* const own = slab::create();
  slab* const others = slab::create();
  this_thread_slab = own;
  void* const block = own->allocate(100);
  std::thread([&] {
    this_thread_slab = others;
    free_block(block, 100, 8);
    this_thread_slab = nullptr;
  }).join();
  EXPECT_EQ(own->blocks_out(), 1U) << "nobody but the owner counts its blocks";
  EXPECT_EQ(others->blocks_out(), 0U);
  own->trim();
  EXPECT_EQ(own->blocks_out(), 0U);
  this_thread_slab = nullptr;
  own->orphan();
  others->orphan();
}

TEST(blocks, a_block_may_outlive_its_slabs_owner) {
  const std::uint64_t before = slab::in_existence();
  slab* const own = slab::create();
  void* const block = own->allocate(1);
  own->orphan();
  EXPECT_EQ(slab::in_existence(), before + 1);
  free_block(block, 1, 1);
  EXPECT_EQ(slab::in_existence(), before);
}

}  // namespace
