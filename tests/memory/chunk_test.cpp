// A chunk cuts blocks of one size, takes them back, and is found from each of them.
#include <filch/detail/base/checked_build.hpp>

#include "memory/chunk.hpp"

#include "memory/poison.hpp"
#include "memory/slab.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace {

#if defined(FILCH_POISON)
constexpr bool is_poisoned = true;
#else
constexpr bool is_poisoned = false;
#endif

using filch::detail::chunk;
using filch::detail::chunk_source;
using filch::detail::slab;

struct end_of_chunk {
  void operator()(chunk* ended) const { chunk::destroy(ended); }
};
struct end_of_slab {
  void operator()(slab* ended) const { ended->orphan(); }
};

class chunk_of : public testing::TestWithParam<std::tuple<std::size_t, chunk_source>> {
 protected:
  static std::size_t block_bytes() { return std::get<0>(GetParam()); }

  std::unique_ptr<slab, end_of_slab> home{slab::create()};
  std::unique_ptr<chunk, end_of_chunk> cut{chunk::create(*home, std::get<1>(GetParam()), block_bytes())};
};

INSTANTIATE_TEST_SUITE_P(sizes, chunk_of,
                         testing::Combine(testing::Values(64, 128, 320, 960, 1024),
                                          testing::Values(chunk_source::heap, chunk_source::fresh_pages)),
                         [](const auto& each) {
                           return std::to_string(std::get<0>(each.param)) + "_bytes" +
                                  (std::get<1>(each.param) == chunk_source::heap ? "" : "_of_fresh_pages");
                         });

TEST_P(chunk_of, a_fresh_chunk_is_empty_and_has_room) {
  EXPECT_TRUE(cut->is_empty());
  EXPECT_TRUE(cut->has_room());
  EXPECT_EQ(cut->home, home.get());
  EXPECT_EQ(cut->block_bytes, block_bytes());
}

TEST_P(chunk_of, all_blocks_are_aligned_apart_and_inside) {
  std::set<std::uintptr_t> places;
  while (cut->has_room()) {
    void* const block = cut->take();
    std::memset(block, 0xa5, block_bytes());
    const auto place = reinterpret_cast<std::uintptr_t>(block);
    EXPECT_EQ(place % filch::detail::slab_alignment, 0U);
    EXPECT_EQ(chunk::of(block), cut.get());
    EXPECT_EQ(chunk::of(static_cast<char*>(block) + block_bytes() - 1), cut.get());
    EXPECT_GE(place, reinterpret_cast<std::uintptr_t>(cut.get()) + sizeof(chunk));
    EXPECT_TRUE(places.insert(place).second);
  }
  EXPECT_EQ(places.size(), (chunk::bytes - sizeof(chunk)) / block_bytes());
  EXPECT_EQ(cut->live, places.size());
  for (auto place = places.begin(); std::next(place) != places.end(); ++place)
    EXPECT_GE(*std::next(place) - *place, block_bytes());
  EXPECT_EQ(cut->home, home.get()) << "a block overlaps the header";
}

TEST_P(chunk_of, what_was_given_back_is_taken_again_before_new_memory) {
  void* const first = cut->take();
  void* const second = cut->take();
  cut->give_back(first);
  EXPECT_FALSE(cut->is_empty());
  cut->give_back(second);
  EXPECT_TRUE(cut->is_empty());
  EXPECT_EQ(cut->take(), second);
  EXPECT_EQ(cut->take(), first);
  EXPECT_EQ(cut->live, 2U);
}

TEST_P(chunk_of, a_full_chunk_that_gets_a_block_back_has_room_for_it) {
  std::vector<void*> taken;
  while (cut->has_room()) taken.push_back(cut->take());
  cut->give_back(taken[taken.size() / 2]);
  EXPECT_TRUE(cut->has_room());
  EXPECT_EQ(cut->take(), taken[taken.size() / 2]);
  EXPECT_FALSE(cut->has_room());
  for (void* const each : taken) cut->give_back(each);
  EXPECT_TRUE(cut->is_empty());
}

// --- a checked build ---

TEST_P(chunk_of, a_checked_build_ends_when_a_free_block_has_been_written) {
  if (!filch::detail::checked_build || is_poisoned) GTEST_SKIP() << "this is no checked build, or a sanitizer is faster";
  auto* const block = static_cast<unsigned char*>(cut->take());
  cut->give_back(block);
  block[block_bytes() - 1] = 1;
  EXPECT_DEATH((void)cut->take(), "written after the task was gone");
  block[block_bytes() - 1] = block[block_bytes() - 2];
  EXPECT_EQ(cut->take(), block);
}

TEST_P(chunk_of, a_checked_build_ends_when_something_is_freed_that_is_not_in_use) {
  if (!filch::detail::checked_build || is_poisoned) GTEST_SKIP() << "this is no checked build, or a sanitizer is faster";
  auto* const block = static_cast<unsigned char*>(cut->take());
  EXPECT_DEATH(cut->give_back(block + 1), "freed that was not in use");
  EXPECT_DEATH(cut->give_back(block + block_bytes()), "freed that was not in use");
  cut->give_back(block);
  EXPECT_DEATH(cut->give_back(block), "freed that was not in use");
}

TEST_P(chunk_of, a_block_that_nobody_wrote_may_be_freed) {
  void* const block = cut->take();
  cut->give_back(block);
  ASSERT_EQ(cut->take(), block);
  cut->give_back(block);
  EXPECT_TRUE(cut->is_empty());
}

}  // namespace
