// task_group: how large it is, and what its tasks take from the heap.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <stop_token>

#include <filch/filch.hpp>

#include "fork_join/heap_count.hpp"
#include "fork_join/task_group_fixture.hpp"

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
    const std::uint64_t before = heap_count();
    for (int i = 0; i != 100; ++i) round();
    EXPECT_EQ(heap_count(), before);
    EXPECT_EQ(leaves.load(), 110 * 64);
    task_group group;
    group.run([](const std::stop_token&) {});
    EXPECT_GT(heap_count(), before);  // so this is how it would be seen
  });
}

TEST(task_group_size, is_a_cache_line) { EXPECT_EQ(sizeof(task_group), filch::detail::cache_line); }

}  // namespace
