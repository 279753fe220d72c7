// task_group: what it takes from the heap. Each form of the operator for single objects is exchanged in this program.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <filch/filch.hpp>

#include "fork_join/task_group_fixture.hpp"

namespace {

constinit std::atomic<std::uint64_t> taken_from_heap{0};

void* take_from_heap(std::size_t bytes, std::size_t alignment) {
  taken_from_heap.fetch_add(1, std::memory_order_relaxed);
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(bytes)
                           : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return take_from_heap(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return take_from_heap(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

using namespace filch_tests;
using filch::task_group;

class task_group_memory_test : public group_test {};
INSTANTIATE_POOL_SHAPES(task_group_memory_test);

TEST_P(task_group_memory_test, tasks_that_come_and_go_take_nothing_from_the_heap) {
  if (width() != 1) GTEST_SKIP() << "a spare takes memory when it is first needed";
  in_task([] {
    std::atomic<int> leaves{0};
    const auto round = [&] {
      task_group group;
      grow_leaves(group, leaves, 6);
      group.wait();
    };
    for (int i = 0; i != 10; ++i) round();
    const std::uint64_t before = taken_from_heap.load();
    for (int i = 0; i != 100; ++i) round();
    EXPECT_EQ(taken_from_heap.load(), before);
    EXPECT_EQ(leaves.load(), 110 * 64);
    task_group group;
    group.run([](const std::stop_token&) {});
    EXPECT_GT(taken_from_heap.load(), before);  // so this is how it would be seen
  });
}

TEST(task_group_size, is_a_cache_line) { EXPECT_EQ(sizeof(task_group), filch::detail::cache_line); }

}  // namespace
