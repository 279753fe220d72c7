// Memory for chunks is aligned and whole, from the heap and as pages of the system.
#include "memory/chunk_memory.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using filch::detail::chunk_source;
using filch::detail::obtain_chunk_memory;
using filch::detail::release_chunk_memory;

constexpr std::size_t chunk_bytes = 64 * 1024;

class chunk_memory_test : public testing::TestWithParam<chunk_source> {};

INSTANTIATE_TEST_SUITE_P(sources, chunk_memory_test, testing::Values(chunk_source::heap, chunk_source::fresh_pages),
                         [](const auto& each) { return each.param == chunk_source::heap ? "heap" : "fresh_pages"; });

// An odd page in between now and then, so that the next mapping does not begin where one would like it.
TEST_P(chunk_memory_test, is_aligned_to_its_size_and_can_be_written_from_end_to_end) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<void*> chunks;
  std::vector<void*> odd_pages;
  for (int i = 0; i != 100; ++i) {
    chunks.push_back(obtain_chunk_memory(GetParam(), chunk_bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(chunks.back()) % chunk_bytes, 0U);
    std::memset(chunks.back(), i, chunk_bytes);
    if (i % 7 == 0) odd_pages.push_back(::mmap(nullptr, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  for (std::size_t i = 0; i != chunks.size(); ++i) {
    const auto* const bytes = static_cast<const unsigned char*>(chunks[i]);
    EXPECT_EQ(bytes[0], i);
    EXPECT_EQ(bytes[chunk_bytes - 1], i);
    release_chunk_memory(GetParam(), chunks[i], chunk_bytes);
  }
  for (void* const each : odd_pages) (void)::munmap(each, page);
}

TEST(fresh_pages, are_refused_with_bad_alloc) {
  constexpr int bits = std::numeric_limits<std::size_t>::digits;
  if (bits < 64) GTEST_SKIP() << "there may be as much as one can ask for";
  EXPECT_THROW((void)obtain_chunk_memory(chunk_source::fresh_pages, std::size_t{1} << (bits - 2)), std::bad_alloc);
}

TEST(fresh_pages, are_given_back_to_the_system) {
  void* const chunk = obtain_chunk_memory(chunk_source::fresh_pages, chunk_bytes);
  unsigned char resident[chunk_bytes / 4096];
  ASSERT_EQ(::mincore(chunk, chunk_bytes, resident), 0);
  release_chunk_memory(chunk_source::fresh_pages, chunk, chunk_bytes);
  EXPECT_EQ(::mincore(chunk, chunk_bytes, resident), -1) << "still mapped";
}

}  // namespace
